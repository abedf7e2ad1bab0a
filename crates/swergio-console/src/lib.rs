#![doc = include_str!("../README.md")]

/// Holds one file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The name under which the page asks for it, beside the page itself.
    pub name: &'static str,
    /// The value of its `Content-Type`.
    pub content_type: &'static str,
    /// What it says.
    pub bytes: &'static [u8],
}

/// Says what the page may do: load these files, talk to where they came from, show pictures and sounds that messages bring. Nothing
/// inline, nothing from elsewhere, in nobody's frame. The value of `Content-Security-Policy` for every file.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src data: blob:; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const PAGE: &str = include_str!("../dist/index.html");

const ASSETS: &[Asset] = &[
    Asset {
        name: "app.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../dist/app.js"),
    },
    Asset {
        name: "worker.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../dist/worker.js"),
    },
    Asset {
        name: "app.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../dist/app.css"),
    },
    Asset { name: "icon.svg", content_type: "image/svg+xml", bytes: include_bytes!("../dist/icon.svg") },
];

/// Finds a file of the page by its name.
///
/// ```
/// assert!(swergio_console::asset("app.js").is_some());
/// assert!(swergio_console::asset("../Cargo.toml").is_none());
/// ```
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Writes the page for a broker that answers under `base`, a path such as `/` or `/swergio`: files and WebSocket are asked for there.
pub fn page(base: &str) -> String {
    let base = base.trim_end_matches('/');
    let safe: String = base.chars().filter(|letter| !matches!(letter, '"' | '<' | '>' | '&')).collect();
    PAGE.replacen("<head>", &format!("<head>\n    <base href=\"{safe}/\" />"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_for_files_that_are_here_and_for_no_others() {
        let page = page("/");
        let asked = page.split(['"', '\'']).filter_map(|part| part.strip_prefix("./"));
        let asked: Vec<&str> = asked.collect();
        assert!(asked.contains(&"app.js") && asked.contains(&"app.css"), "{asked:?}");
        assert!(asked.iter().all(|name| asset(name).is_some()), "{asked:?}");
        assert!(!page.contains("http://") && !page.contains("https://"));
    }

    #[test]
    fn nothing_is_inline_or_the_policy_would_refuse_it() {
        let page = page("/swergio");
        assert!(page.contains(r#"<base href="/swergio/" />"#));
        assert!(!page.contains("<style") && !page.contains("style=") && !page.contains("onclick"));
        assert!(page.matches("<script").count() == 1 && page.contains("src=\"./app.js\""));
    }

    #[test]
    fn a_base_cannot_break_out_of_its_quotes() {
        assert!(page("/a\"><script>").contains(r#"<base href="/ascript/" />"#));
    }
}
