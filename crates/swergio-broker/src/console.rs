//! Console: the page that shows a process while it runs, as HTTP answers.

use axum::extract::{OriginalUri, Path};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use swergio_console as console;

/// Keeps other pages from reading what this one is made of, or opening it.
const SAME_ORIGIN: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Answers with the page; its files and its WebSocket are asked for below the path that it was asked for at.
pub(crate) fn page(OriginalUri(uri): &OriginalUri) -> Response {
    answer("text/html; charset=utf-8", console::page(uri.path()))
}

/// Answers with one file of the page.
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    match console::asset(&name) {
        Some(asset) => answer(asset.content_type, asset.bytes),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(content_type: &'static str, content: impl IntoResponse) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, console::CONTENT_SECURITY_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // The broker and its page are of one version: an old file beside a new broker would not understand it.
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, SAME_ORIGIN, content).into_response()
}
