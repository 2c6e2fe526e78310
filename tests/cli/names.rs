//! Words that were replaced by the field's own do not come back: in the room where a name had its old meaning, no item and no file has it.

use std::path::Path;

use super::architecture::rust_files;

/// A room (a folder or file of `src`), a name that was replaced there, and what it is called now.
const REPLACED: &[(&str, &str, &str)] = &[
    ("sandbox", "shelves", "lists"),
    ("sandbox", "speech", "dialects"),
    ("sandbox", "dice", "rng"),
    ("sandbox", "proof", "authn"),
    ("sandbox", "Verdict", "SimulatedOutcome"),
    ("sandbox", "Standing", "WindowState"),
    ("sandbox", "Wanted", "ReadQuery"),
    ("sandbox", "Who", "KnownUser"),
    ("schedule", "diary", "messages"),
    ("schedule", "steering", "control"),
    ("schedule", "News", "ScheduleEvent"),
    ("schedule", "Verdict", "DueState"),
    ("auth", "flight", "refresher"),
    ("auth", "fly", "refresh_once"),
    ("auth", "renew", "refresh_if_needed"),
    ("auth", "at_hand", "cached"),
    ("auth", "rest", "back_off"),
    ("auth", "fix", "set_static"),
    ("auth", "Slot", "CachedLogin"),
    ("auth", "Held", "CachedToken"),
    ("auth", "Means", "TokenDeps"),
    ("auth", "Wire", "OAuthHttp"),
    ("app", "Standing", "LoadPlan and QueueStatus"),
    ("app", "stand", "plan_load"),
    ("app", "Look", "StatusQuery"),
    ("app", "Who", "Identities"),
    ("app", "introduce", "register_accounts"),
    ("app", "sifting", "row_filter"),
    ("app", "Footing", "DrainDeps"),
    ("app", "guard", "keep_guard"),
    ("app", "Wanted", "ReceiptRows"),
    ("lists", "Sieve", "FilterPipeline"),
    ("lists/filter", "Wanted", "FilterRules"),
    ("lists", "News", "FetchEvent"),
    ("lists", "Means", "FetchDeps"),
    ("web", "hub", "event_counters"),
    ("web", "entry", "auth_routes"),
    ("web", "guard", "middleware"),
    ("web", "tries", "login_throttle"),
    ("web/pages", "single", "standalone"),
    ("web/state.rs", "reading", "read_store"),
    ("web/state.rs", "commanding", "write_store"),
    ("jobfile", "feed", "decode"),
    ("jobfile/mod.rs", "judge", "row_parser"),
    ("jobfile/mod.rs", "keep", "keep_list"),
    ("cli/commands", "sense", "describe"),
    ("app/mod.rs", "sentence", "confirmation"),
    ("cli/commands/mod.rs", "closing", "run_summary"),
    ("cli/commands", "so_far", "partial_summary"),
    ("cli/commands", "bystanders", "untouched_jobs"),
    ("cli/commands/mod.rs", "guard", "keep_option"),
    ("cli/commands", "Reach", "Session"),
    ("cli/commands/serve", "stretch", "drain_once"),
    ("cli/commands/serve", "nights", "scheduled_runs"),
    ("cli/commands/serve", "door", "login_link"),
    ("cli/commands/serve", "manager", "systemd"),
    ("engine", "heed", "interrupts"),
    ("engine", "News", "ChangeWatcher"),
    ("engine", "Course", "ProgressSamples"),
    ("engine", "Means", "EngineDeps"),
    ("engine", "Road", "SendContext"),
    ("engine", "Departure", "OutgoingRequest"),
    ("engine", "Arrival", "WorkerMessage"),
    ("engine", "Wire", "InFlightLimit"),
    ("engine", "Gate", "CircuitBreaker"),
    ("engine", "Pass", "Epoch"),
    ("engine", "Faith", "Health"),
    ("engine", "Ahead", "Prefetch"),
    ("engine", "convict", "confirm_failed"),
    ("engine", "acquit", "requeue"),
    ("engine/mod.rs", "guard", "send_guard"),
    ("store", "News", "ChangeCounters"),
    ("store", "glance", "stats"),
    ("store", "overview", "stats"),
    ("store", "Course", "ProgressSamples"),
    ("store", "Stretch", "Bucket"),
    ("store", "Timeline", "Histogram"),
    ("store", "ahead", "peek"),
    ("store", "align", "load/merge"),
    ("store", "old_rows", "load/existing_rows"),
    ("store", "pick", "select_tasks"),
    ("store", "Wanted", "TaskFilter"),
    ("store", "turn_words", "turn_sql"),
    ("store", "sort", "map_error"),
    ("store", "once_more", "reopen"),
    ("store/open.rs", "beside", "open_second"),
    ("store", "woke", "extend_after_suspend"),
    ("store", "known", "target_metadata"),
    ("store", "Known", "TargetMetadata"),
    ("store", "read_slot", "read_quota"),
    ("store", "drill", "failpoint"),
    ("store", "Deed", "AuditEvent"),
    ("store", "Verdict", "VerifyResult"),
    ("sandbox", "words", "rendered"),
    ("sandbox", "Worded", "Rendered"),
    ("config/mod.rs", "words", "file_values"),
    ("web/pages/mod.rs", "words", "labels"),
    ("web", "note_deed", "log_audit_event"),
    ("cli/commands", "Whose", "RowPlatforms"),
    ("cli/commands/import.rs", "told", "messages"),
    ("app/load", "sort", "split"),
    ("store", "news", "change_counters"),
    ("store", "Ahead", "PeekedTask"),
    ("store", "AheadOf", "LanePeek"),
    ("auth", "sort", "map_error"),
    ("limits", "heed", "apply_headers"),
    ("platforms", "Reading", "ListEndpoint"),
    ("platforms", "reading", "list_endpoint"),
    ("platforms", "Collection", "ListKind"),
    ("lists", "collection_of", "ListKind"),
];

/// A room, a field that was renamed there, and what it is called now. Columns of the queue keep their names.
const RENAMED_FIELDS: &[(&str, &str, &str)] = &[
    ("store", "upper", "counted_until"),
    ("store", "rung", "backoff_level"),
    ("store", "hold_rung", "hold_backoff_level"),
    ("store", "troubles", "transient_failures"),
    ("store", "unsure", "maybe_applied"),
    ("schedule", "troubles", "transient_failures"),
];

/// Variables of the environment that were renamed, and what each is called now.
const RENAMED_VARIABLES: &[(&str, &str)] = &[("CLEANUP_DRILL", "CLEANUP_FAILPOINT")];

/// Whether a line declares a public field of this name.
fn declares(line: &str, name: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("pub") else { return false };
    let rest = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest);
    rest.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
}

/// The lines of code of every file of a room.
fn code_of(place: &Path) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    rust_files(place, &mut paths);
    let code = |text: String| {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    };
    paths.into_iter().map(|path| (path.display().to_string(), code(std::fs::read_to_string(&path).unwrap()))).collect()
}

#[test]
fn no_field_and_no_variable_has_a_name_that_was_replaced() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (room, name, now) in RENAMED_FIELDS {
        let files = code_of(&source.join(room));
        assert!(files.iter().any(|(_, code)| code.lines().any(|line| declares(line, now))), "{room} has no {now}");
        let with = files.iter().filter(|(_, code)| code.lines().any(|line| declares(line, name)));
        wrong.extend(with.map(|(path, _)| format!("{path}: {name} is {now}")));
    }
    let files = code_of(&source);
    for (name, now) in RENAMED_VARIABLES {
        assert!(files.iter().any(|(_, code)| code.contains(now)), "nothing reads {now}");
        wrong.extend(
            files.iter().filter(|(_, code)| code.contains(name)).map(|(path, _)| format!("{path}: {name} is {now}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_declared_field_is_seen() {
    for line in ["    pub upper: Tick,", "pub(super) upper: Tick,", "    pub(in crate::store) upper: Option<Tick>,"] {
        assert!(declares(line, "upper"), "{line}");
    }
    for line in
        ["    pub upper_tick: Tick,", "    upper: slot.upper,", "let upper: Tick = now;", "pub fn upper(at: Tick)"]
    {
        assert!(!declares(line, "upper"), "{line}");
    }
}

/// Whether a line defines an item of this name.
fn defines(line: &str, name: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let is_item = |word: &str| ["struct", "enum", "trait", "type", "fn", "mod", "static"].contains(&word);
    words.find(|word| is_item(word)).is_some() && words.next() == Some(name)
}

#[test]
fn no_item_has_a_name_that_was_replaced() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut wrong, mut read) = (Vec::new(), 0);
    for (room, name, now) in REPLACED {
        let place = source.join(room);
        let mut paths = Vec::new();
        if place.is_dir() {
            rust_files(&place, &mut paths);
        } else {
            assert!(place.is_file(), "there is no {room}");
            paths.push(place);
        }
        for path in paths {
            read += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            let is_file = path.file_stem().is_some_and(|stem| stem == *name);
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if is_file || code.into_iter().any(|line| defines(line, name)) {
                wrong.push(format!("{}: {name} is {now}", path.strip_prefix(&source).unwrap().display()));
            }
        }
    }
    assert!(read > 1_000, "{read}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_definition_is_seen() {
    for line in ["pub struct Who {", "    pub(super) async fn Who(", "enum Who {", "mod Who;", "pub type Who = u8;"] {
        assert!(defines(line, "Who"), "{line}");
    }
    for line in ["let fn_name = Who;", "pub struct Whose(Who);", "impl Who {", "fn of(who: Who)"] {
        assert!(!defines(line, "Who"), "{line}");
    }
}
