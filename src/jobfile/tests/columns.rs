//! Which column is what, and whose action.

use super::*;

#[test]
fn the_targets_column_is_found_by_tiers() {
    for (name, header, row) in [
        ("unfollow.csv", "id,tweet_id,user_id,target_id", "1,2,3,4"),
        ("unfollow.csv", "id,tweet_id,user_id", "1,2,4"),
        ("unlike.csv", "id,tweet_id,user_id", "1,4,3"),
        ("unlike.csv", "user_id, ID ,text", "1,4,3"),
        ("unmute.csv", "name,account_id", "1,4"),
        ("unlike.csv", "url,text", "https://x.com/a/status/4,3"),
        // An ID wins over a name, wherever they stand, and a name over a link.
        ("unfollow.csv", "id,screen_name", "4,ada"),
        ("unfollow.csv", "username,name,ID", "ada,Ada,4"),
        ("unfollow.csv", "handle,target_id", "@ada,4"),
        ("unfollow.csv", "screen_name,user_id,url", "ada,4,https://example.org/"),
        ("unfollow.csv", "account_id,id,username", "4,1,ada"),
        ("unfollow.csv", "id,url", "4,https://x.com/ada"),
        ("unblock.csv", "url,id,handle,username", "https://x.com/ada,4,ada,bob"),
        // ... whatever others call its column.
        ("unfollow.csv", "id_str,screen_name", "4,ada"),
        ("unfollow.csv", "User ID,Username", "4,ada"),
        ("unfollow.csv", "username,userId", "ada,4"),
        ("unfollow.csv", "screen_name,accountId,url", "ada,4,https://x.com/ada"),
        ("unmute.csv", "rest_id,handle", "4,ada"),
        ("unfollow.csv", "user_id,userId,screen_name", "4,5,ada"),
        ("unfollow.csv", "url,screen_name", "https://x.com/intent/user?user_id=4,ada"),
        ("unfollow.csv", "screen_name,link", "ada,https://x.com/i/user/4"),
        ("unlike.csv", "Tweet ID,url", "4,https://x.com/ada/status/5"),
        // A name in a list of posts is its author's.
        ("unlike.csv", "handle,url", "ada,https://x.com/ada/status/4"),
        ("unlike.csv", "username,screen_name,tweet_id", "ada,bob,4"),
    ] {
        let (survey, rows) = read(name, format!("{header}\n{row}\n").as_bytes()).unwrap();
        let action = survey.default_action.unwrap();
        assert_eq!(rows[0].1, Ok(format!("{action} - 4")), "{name} {header}");
    }
    for header in [
        "user_id,account_id",
        "id_str,rest_id,screen_name",
        "screen_name,username",
        "Handle,url,username",
        "id,ID,url",
        "target_id,Target_ID",
    ] {
        let error = read("unfollow.csv", format!("{header}\n1,2,3\n").as_bytes()).unwrap_err();
        assert!(matches!(error, JobFileError::Ambiguous { role: "target", .. }), "{header}: {error}");
        assert!(error.hint().contains("--column"), "{}", error.hint());
    }
    let column = |name: &str| ReadOptions { column: Some(name.into()), ..ReadOptions::default() };
    let bytes = b"user_id,account_id,Who\n1,2,3\n";
    assert_eq!(read_with("unfollow.csv", bytes, &column("account_id")).unwrap().1[0].1, Ok("unfollow - 2".into()));
    assert_eq!(read_with("unfollow.csv", bytes, &column(" who ")).unwrap().1[0].1, Ok("unfollow - 3".into()));
    let error = read_with("unfollow.csv", bytes, &column("acount_id")).unwrap_err();
    assert_eq!(error.hint(), "did you mean --column account_id?");
}

#[test]
fn a_header_may_be_missing_only_where_there_is_one_column() {
    assert!(matches!(read("unfollow.csv", b"12,x\n"), Err(JobFileError::NoHeader { .. })));
    assert!(matches!(read("unfollow.csv", b"name,age\nA,7\n"), Err(JobFileError::NoTargetColumn { .. })));
    assert!(matches!(read("unfollow.csv", b"tweet_id\n12\n"), Err(JobFileError::NoTargetColumn { .. })));
    assert!(matches!(read("unfollow.csv", b"followers\n12\n"), Err(JobFileError::NoTargetColumn { .. })));
    for first in ["@example", "x.com/example", "1.2E+18", "'12"] {
        assert_eq!(read("unfollow.csv", format!("{first}\n12\n").as_bytes()).unwrap().0.rows, 2, "{first}");
    }
}

#[test]
fn the_action_comes_from_row_option_or_stem() {
    let unlike = ReadOptions { action: Some(Action::Unlike), ..ReadOptions::default() };
    let one = |name, text: &str, options: &ReadOptions| read_with(name, text.as_bytes(), options).unwrap().1;
    assert_eq!(one("unfollow.csv", "12\n", &unlike)[0].1, Ok("unlike - 12".into()));
    let mixed = "action,target_id\nunfollow,12\n,13\nfly,14\nDelete,15\n";
    let reasons: Vec<_> = one("list.csv", mixed, &ReadOptions::default()).into_iter().map(|row| row.1).collect();
    let task = |text: &str| Ok(text.to_owned());
    assert_eq!(
        reasons,
        [task("unfollow - 12"), Err("missing_action"), Err("unknown_action"), task("delete-post - 15")]
    );
    assert_eq!(one("list.csv", mixed, &unlike)[1].1, task("unlike - 13"));
    // The stem decides only where there is no action column.
    assert_eq!(one("unfollow.csv", mixed, &ReadOptions::default())[1].1, Err("missing_action"));
    let error = read("list.csv", b"12\n").unwrap_err();
    assert!(matches!(error, JobFileError::NoAction { .. }) && error.hint().contains("--action"));
    assert!(matches!(
        Survey::of(&Source::spool("standard input", &b"12\n"[..]).unwrap(), &ReadOptions::default()),
        Err(JobFileError::NoAction { .. })
    ));
}

#[test]
fn in_a_mixed_file_each_rows_action_decides_the_column() {
    let text = "action,tweet_id,user_id,account\nunfollow,1,2,main\nunlike,1,2,\nunmute,1,,x y\nunblock,1,2,x y\n";
    let rows: Vec<_> = read("list.csv", text.as_bytes()).unwrap().1.into_iter().map(|row| row.1).collect();
    let task = |text: &str| Ok(text.to_owned());
    let want = [task("unfollow main 2"), task("unlike - 1"), Err("empty_target"), Err("invalid_account")];
    assert_eq!(rows, want);
    let text = "action,tweet_id\nunfollow,1\nunlike,2\n";
    let rows: Vec<_> = read("list.csv", text.as_bytes()).unwrap().1.into_iter().map(|row| row.1).collect();
    assert_eq!(rows, [Err("no_target_column"), task("unlike - 2")]);
    // Two candidates count only where a row needs the choice.
    let header = "action,tweet_id,user_id,account_id\n";
    assert!(read("list.csv", format!("{header}unlike,1,2,3\n").as_bytes()).is_ok());
    let error = read("list.csv", format!("{header}unfollow,1,2,3\n").as_bytes()).unwrap_err();
    assert!(matches!(error, JobFileError::Ambiguous { .. }));
    assert!(matches!(
        read("unfollow.csv", b"action,Action,target_id\n"),
        Err(JobFileError::Ambiguous { role: "action", .. })
    ));
}

#[test]
fn a_handle_is_a_target_by_name() {
    let text = "screen_name\nExample\n@other\n";
    let (survey, rows) = read("unfollow.csv", text.as_bytes()).unwrap();
    let rows: Vec<_> = rows.into_iter().map(|row| row.1.unwrap()).collect();
    assert_eq!((rows, survey.names), (vec!["unfollow - @example".to_owned(), "unfollow - @other".to_owned()], 2));
}

#[test]
fn names_are_targets_only_where_there_is_no_id() {
    let takes = ReadOptions::default();
    for column in ["screen_name", " Username ", "HANDLE"] {
        for cell in ["Ada", "@ada", "https://x.com/ada"] {
            let text = format!("name,{column},url\nAda L,{cell},https://x.com/bob\n");
            let rows = read_with("unfollow.csv", text.as_bytes(), &takes).unwrap().1;
            assert_eq!(rows[0].1, Ok("unfollow - @ada".into()), "{text}");
        }
        // The person may say otherwise.
        let chosen = ReadOptions { column: Some(column.into()), ..takes.clone() };
        let text = format!("id,{column}\n12,ada\n");
        assert_eq!(read_with("unfollow.csv", text.as_bytes(), &chosen).unwrap().1[0].1, Ok("unfollow - @ada".into()));
        // Nobody unlikes a user, and the hint says why the column is none.
        let error = read("unlike.csv", format!("{column}\nada\n").as_bytes()).unwrap_err();
        assert!(
            matches!(error, JobFileError::NoTargetColumn { .. }) && error.hint().contains("holds users"),
            "{error}"
        );
    }
    // A row whose ID is missing is not somebody found by name: the file promised IDs.
    let rows = read_with("unfollow.csv", b"id,username\n,ada\n12,bob\n", &takes).unwrap().1;
    assert_eq!((&rows[0].1, &rows[1].1), (&Err("empty_target"), &Ok("unfollow - 12".into())));
    // In a mixed file each row's action has its own column.
    let text = "action,username,tweet_id\nunfollow,ada,5\nunlike,ada,5\n";
    let rows = read_with("list.csv", text.as_bytes(), &takes).unwrap().1;
    assert_eq!((&rows[0].1, &rows[1].1), (&Ok("unfollow - @ada".into()), &Ok("unlike - 5".into())));
    let error =
        read_with("list.csv", b"action,username,handle,tweet_id\nunlike,a,b,5\nunfollow,a,b,5\n", &takes).unwrap_err();
    assert!(matches!(&error, JobFileError::Ambiguous { candidates, .. } if candidates.len() == 2), "{error}");
}
