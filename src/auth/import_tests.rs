#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const HEADER: &str = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n";

fn read(rows: &str) -> Result<Vec<ImportRow>, ImportError> {
    import(format!("{HEADER}{rows}").as_bytes())
}

fn fault(rows: &str) -> (u64, &'static str, String) {
    match read(rows) {
        Err(ImportError::Rows { faults, .. }) => (faults[0].line, faults[0].column, faults[0].to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_accounts_of_three_platforms() {
    let rows = read(
        "anna,x-v2,12,at,rt,1790000000,\n bert , x-v1 ,,99-tok,,,sec\n\"cora\",aisa,,sk-aisa-123456,,,\ndora,x-v2,,at2,,,\n",
    )
    .unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0].user.as_ref().unwrap().as_str(), "12");
    assert_eq!(rows[0].expiry.unwrap().at, Wall(1_790_000_000_000));
    assert_eq!(rows[1].user.as_ref().unwrap().as_str(), "99");
    assert!(matches!(rows[1].document, Document::OAuth1 { .. }));
    assert!(rows[2].user.as_ref().unwrap().as_str().starts_with("key-"));
    assert_eq!((rows[3].user.as_ref(), rows[3].line), (None, 5));
}

#[test]
fn a_token_that_names_another_user_is_refused() {
    let row = |user: &str| format!("anna,x-v1,{user},1629556410996121225-tok,,,sec\n");
    assert!(read(&row("1629556410996121225")).is_ok() && read(&row("")).is_ok());
    for rounded in ["1629556410996120000", "1629556410996121300", "1629556410996121344"] {
        let (line, column, said) = fault(&row(rounded));
        assert!((line, column) == (2, "user_id") && said.contains("begins with"), "{said}");
    }
}

#[test]
fn a_thousand_accounts() {
    let rows: String = (0..1000).map(|n| format!("acc{n},x-v2,{},at{n},rt{n},1790000000,\n", 1000 + n)).collect();
    assert_eq!(read(&rows).unwrap().len(), 1000);
}

#[test]
fn every_fault_has_its_line_and_column() {
    for (rows, line, column) in [
        ("a b,x-v2,1,t,,,\n", 2, "name"),
        ("a,x-v3,1,t,,,\n", 2, "platform"),
        ("a,sandbox,1,t,,,\n", 2, "platform"),
        ("a,x-v2,me,t,,,\n", 2, "user_id"),
        ("a,x-v2,1,,,,\n", 2, "access_token"),
        ("a,x-v2,1,\"t\nt\",,,\n", 2, "access_token"),
        ("a,x-v2,1,t,,1790000000000,\n", 2, "expires_at"),
        ("a,x-v2,1,t,,soon,\n", 2, "expires_at"),
        ("a,x-v1,1,t,,,\n", 2, "access_secret"),
        ("a,x-v2,1,t,r,,s\n", 2, "refresh_token"),
        ("a,x-v1,,t,,,s\n", 2, "user_id"),
        ("a,x-v2,1,t,,,\na,x-v2,2,t,,,\n", 3, "name"),
        ("a,x-v2,1,t,,,\nb,x-v2,1,t,,,\n", 3, "user_id"),
        ("a,x-v2,1,t,,,,,\n", 2, "access_secret"),
    ] {
        let (at, name, _) = fault(rows);
        assert_eq!((at, name), (line, column), "{rows:?}");
    }
}

#[test]
fn headers_are_exact() {
    for header in ["", "name,platform\n", "name,platform,user_id,token\n", "name,name,platform,access_token\n", "a\n"] {
        assert!(matches!(import(header.as_bytes()), Err(ImportError::Header(_))), "{header:?}");
    }
    let short = "\u{feff}Name,platform,access_token\r\na,x-v2,t\r\n";
    assert_eq!(import(short.as_bytes()).unwrap().len(), 1);
}

proptest! {
    /// Wherever a secret stands and however the row is wrong, no message shows it.
    #[test]
    fn no_message_shows_a_cell(at in 0_usize..9, breaks in "[ ,\"\\n]{0,2}", rest in "[a-z0-9]{0,4}") {
        let canary = format!("CANARY{breaks}SECRET");
        let cells: Vec<&str> = (0..9).map(|n| if n == at { canary.as_str() } else { rest.as_str() }).collect();
        for text in [format!("{HEADER}{}\n", cells.join(",")), format!("{}\n1,2\n", cells.join(","))] {
            if let Err(error) = import(text.as_bytes()) {
                let all = match &error {
                    ImportError::Rows { faults, .. } => faults.iter().map(ToString::to_string).collect::<String>(),
                    other => other.to_string(),
                };
                prop_assert!(!all.contains("CANARY") && !all.contains("SECRET"), "{}", all);
                let debug = format!("{error:?} {error}");
                prop_assert!(!debug.contains("CANARY") && !debug.contains("SECRET"), "{}", debug);
            }
        }
    }
}
