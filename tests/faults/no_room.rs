//! A first command on a disk that is too small for a queue, and then big enough.

use crate::common::small_disk::SmallDisk;
use crate::common::{Home, RunToEnd};
use crate::faults::support::{fresh, other};

/// Disks are so much bigger each time, in KiB.
const STEP_KIB: usize = 44;

#[test]
fn a_first_load_on_a_disk_without_room_goes_on_when_there_is_some() {
    let mut refused = 0;
    for kib in (0..).map(|n| 8 + n * STEP_KIB) {
        let home = fresh();
        // Where nobody may mount a disk, tests/faults/first_start.rs has the same by injection.
        let Some(disk) = SmallDisk::make(&home, &format!("{kib}k")) else { return };
        let at = |home: &Home, args: &[&str]| {
            let mut command = other(home, args.to_vec());
            command.arg("--db").arg(disk.point.join("new/queue.db"));
            disk.inside(&command).done()
        };
        let first = at(&home, &["load", "unfollow.csv"]);
        let fits = first.code == 0;
        if !fits {
            refused += 1;
            let told = first.err;
            assert_eq!(first.code, 74, "{kib} KiB: {told}");
            assert!(told.contains("hint: ") && !told.contains("report this"), "{kib} KiB: {told}");
            disk.grow("8m");
            let again = at(&home, &["load", "unfollow.csv"]);
            assert_eq!(again.code, 0, "{kib} KiB: {}", again.err);
        }
        let status = at(&home, &["status", "--json"]);
        assert_eq!(status.json()["jobs"][0]["pending"], crate::faults::support::ROWS, "{kib} KiB");
        if fits {
            break;
        }
    }
    assert!(refused > 2, "{refused}: the disks were too big to show anything");
}
