//! The faults that `tests/reliability/planted/run` plants fit the sources as they are.

use std::path::Path;
use std::process::Command;

#[test]
fn planted_faults_fit_the_sources() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = project.join("tests/reliability/planted");
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let patches: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "patch")).collect();
    let run = std::fs::read_to_string(folder.join("run")).unwrap();
    assert!(patches.len() > 10, "{patches:?}");
    for patch in patches {
        let name = patch.file_stem().unwrap().to_str().unwrap();
        assert!(run.contains(&format!("[{name}]=")), "{name}: which test finds it?");
        let checked = Command::new("git").args(["apply", "--check"]).arg(&patch).current_dir(project).output().unwrap();
        assert!(checked.status.success(), "{}: {}", patch.display(), String::from_utf8_lossy(&checked.stderr));
    }
}
