//! Folder: where a component's checkpoints are, and how a file gets there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{CheckpointFault, limits};

/// The name of the checkpoint that a component saves by itself.
pub(super) const LATEST: &str = "latest";

/// How the names of files begin and end that are not whole yet.
const PREFIX: &str = ".writing-";
const SUFFIX: &str = ".tmp";

/// Knows the files of one component.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
    component: String,
}

impl Folder {
    pub(super) fn new(root: PathBuf, component: &str) -> Result<Self, CheckpointFault> {
        Ok(Self { root, component: checked(component)?.to_owned() })
    }

    pub(super) fn component(&self) -> &str {
        &self.component
    }

    /// Returns the path of this component's file in a checkpoint.
    pub(super) fn path(&self, checkpoint: &str, ending: &str) -> Result<PathBuf, CheckpointFault> {
        Ok(self.root.join(checked(checkpoint)?).join(format!("{}.{ending}", self.component)))
    }
}

/// Checks that a name makes one file's name, wherever it came from.
fn checked(name: &str) -> Result<&str, CheckpointFault> {
    let fine = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    let ends = !name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']);
    if name.is_empty() || name.len() > limits::NAME_BYTES || !ends || !name.chars().all(fine) {
        return Err(CheckpointFault::Name(name.to_owned()));
    }
    Ok(name)
}

/// Writes a file so that whoever reads it, even after the power failed, finds all of the old or all of the new.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CheckpointFault> {
    let write = || -> io::Result<()> {
        let folder = path.parent().expect("a checkpoint is in a folder");
        fs::create_dir_all(folder)?;
        sweep(folder);
        let mut file = begin(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        // The new name is on the disk only when the folder is.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    };
    write().map_err(CheckpointFault::file(path))
}

/// Begins a file beside those that are whole, locked for as long as its writer lives.
fn begin(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = temporary().tempfile_in(folder)?;
        // Where files have no locks nobody can tell that a writer is dead, and nothing is removed.
        let locked = file.as_file().lock().is_ok();
        // Between its making and its lock another writer may have taken it for left behind.
        if !locked || file.path().try_exists()? {
            return Ok(file);
        }
    }
}

/// Removes what writers that were killed have left in a folder: files that nobody holds the lock of.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let left = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if left
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            // Whoever makes such a file sees, once it has the lock, that it is gone, and makes another.
            let removed = fs::remove_file(entry.path());
            tracing::debug!(file = %entry.path().display(), ok = removed.is_ok(), "a writer had left a file behind");
        }
    }
}

fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any file that a program creates; the umask takes its share.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

/// Reads a file of so many bytes at most. None when there is none.
pub(super) fn read_bounded(path: &Path, most: u64) -> Result<Option<Vec<u8>>, CheckpointFault> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CheckpointFault::file(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(CheckpointFault::file(path))?;
    if bytes.len() as u64 > most {
        return Err(CheckpointFault::broken(path, format!("more than {most} bytes")));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_one_file_in_the_folder_and_nowhere_else() {
        let folder = Folder::new("runs".into(), "net-1").unwrap();
        assert_eq!(folder.path("best", "json").unwrap(), Path::new("runs/best/net-1.json"));
        assert_eq!(folder.path("Größe 2.5", "json").unwrap(), Path::new("runs/Größe 2.5/net-1.json"));
        let long = "x".repeat(201);
        for name in ["", ".", "..", "../best", "a/b", "a\\b", ".hidden", "a\0", "a\n", " a", "c:", &long] {
            assert!(folder.path(name, "json").is_err(), "{name:?}");
            assert!(Folder::new("runs".into(), name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("latest/net.json");
        for text in ["first", "second, longer", "3"] {
            write_whole(&path, text.as_bytes()).unwrap();
            assert_eq!(read_bounded(&path, 100).unwrap().unwrap(), text.as_bytes());
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(matches!(read_bounded(&path, 0), Err(CheckpointFault::Broken { .. })));
        assert!(read_bounded(&home.path().join("none"), 9).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("taken");
        fs::create_dir_all(path.join("by a folder")).unwrap();
        let told = write_whole(&path, b"new").unwrap_err().to_string();
        assert!(told.contains("taken"), "{told}");
        assert!(path.join("by a folder").is_dir());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not() {
        let home = tempfile::tempdir().unwrap();
        let left = home.path().join(".writing-gone.tmp");
        fs::write(&left, "half a che").unwrap();
        let living = begin(home.path()).unwrap();
        fs::write(home.path().join("notes.tmp"), "mine").unwrap();
        write_whole(&home.path().join("net.json"), b"whole").unwrap();
        assert!(!left.exists(), "its writer is dead");
        assert!(living.path().exists(), "its writer lives");
        let kept = home.path().join("net.json");
        living.persist(&kept).unwrap();
        assert_eq!((fs::read(&kept).unwrap(), fs::read_dir(home.path()).unwrap().count()), (vec![], 2));
    }

    #[test]
    fn many_writers_of_one_folder_do_not_remove_each_others_files() {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = home.path().join(format!("{writer}.json"));
                scope.spawn(move || (0..50).for_each(|_| write_whole(&path, b"whole").unwrap()));
            }
        });
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 4);
    }
}
