//! Cells and links. Laws: no panic; what is read can be written and read again; a cell that names both kinds names the same.

use cleanup::domain::TargetKind;
use cleanup::jobfile::read_target;

pub fn try_it(data: &[u8]) {
    let any = read_target(data, None);
    for kind in [TargetKind::User, TargetKind::Post] {
        if let Ok(target) = read_target(data, Some(kind)) {
            assert_eq!(any.as_ref(), Ok(&target));
            assert_eq!(read_target(target.to_string().as_bytes(), Some(kind)), Ok(target));
        }
    }
    if let Ok(target) = any {
        assert_eq!(read_target(target.to_string().as_bytes(), None), Ok(target));
    }
}
