//! Keep lists as people write them.

#![allow(clippy::unwrap_used)]

use super::*;

/// Keys of these tests begin so, and the names of servers may be names of people.
const KEYS: ReadKeys = |text| match text {
    tag if tag.starts_with('#') && tag.len() > 1 && !tag.contains([' ', '1']) => vec![tag.parse().unwrap()],
    host if host.ends_with(".example") && !host.contains('/') => {
        [host.to_owned(), format!("@{host}")].map(|key| key.parse().unwrap()).into()
    }
    other => other.starts_with("did:").then(|| other.parse().ok()).flatten().into_iter().collect(),
};

fn list_of(text: &str) -> Result<KeepList, JobFileError> {
    read_source(&Source::spool("keep.txt", text.as_bytes()).unwrap(), KEYS)
}

fn has(list: &KeepList, target: &str) -> bool {
    list.contains(&target.parse().unwrap())
}

#[test]
fn ids_handles_links_and_comments() {
    let list =
        list_of("# friends\n12\n@Example  \n\n  # \"more\nx.com/i/user/13 # the old one\nx.com/other\n14\n").unwrap();
    for target in ["12", "13", "14", "@example", "@other"] {
        assert!(has(&list, target), "{target}");
    }
    assert_eq!(list.len(), 5);
    assert!(list_of("").unwrap().is_empty() && list_of("# nobody\n").unwrap().is_empty());
}

/// What begins with `#` is a comment only where it is no tag, wherever it stands.
#[test]
fn tags_are_no_comments() {
    for text in [
        "#aa\n#bb # a remark\n",
        "# both\n#12\n\"#aa\"\n  #bb\n",
        "#aa\r#bb",
        "#aa\r\n12\r\n#bb",
        "target_id,link\n#aa,https://host.example/tags/aa\n\"#bb\",\n",
        "link;target_id\n;#aa\n;\"#bb\" # mine\n",
        "tag\n#aa\n#bb\n",
        "Hashtag,note\n#aa,1\n#bb,2\n",
        "\u{feff}#aa\n#bb\n",
    ] {
        let list = list_of(text).unwrap();
        assert!(has(&list, "#aa") && has(&list, "#bb"), "{text:?}");
        assert_eq!(list.len(), 2 + usize::from(has(&list, "12")), "{text:?}");
    }
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain("#aa\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let list = read_source(&Source::spool("keep.txt", &wide[..]).unwrap(), KEYS).unwrap();
    assert!(has(&list, "#aa") && list.len() == 1);
    assert!(list_of("# aa\n#\n#a b\n#12\n").unwrap().is_empty());
    assert!(list_of("tag\naa\n").is_err(), "nothing is passed over");
}

#[test]
fn a_text_that_two_platforms_have_is_kept_on_both() {
    for text in ["bad.example\n", "domain\nbad.example\n", "target_id,link\nbad.example,\n"] {
        let list = list_of(text).unwrap();
        assert!(has(&list, "bad.example") && has(&list, "@bad.example") && list.len() == 2, "{text}");
    }
    // Beside what is named otherwise it is a remark.
    assert_eq!(list_of("id,domain,tag\n12,bad.example,friend\n").unwrap().len(), 1);
}

#[test]
fn lists_of_users_are_kept_by_ids_and_links() {
    for text in ["7\n", "https://x.com/i/lists/7\n", "link\nx.com/i/lists/7\n", "list_id,name\n7,Ada\n"] {
        assert!(has(&list_of(text).unwrap(), "7"), "{text}");
    }
}

#[test]
fn keys_are_kept_where_they_stand_for_themselves_or_in_a_column_of_targets() {
    let list = list_of("12\ndid:a # a friend\n\"did:b\"\n").unwrap();
    assert!(has(&list, "did:a") && has(&list, "did:b") && has(&list, "12") && list.len() == 3);
    let list = list_of("name,target_id\nAda,did:a\nBob,13\n").unwrap();
    assert!(has(&list, "did:a") && has(&list, "13") && list.len() == 2);
    assert!(list_of("12\ndud:a\n").is_err(), "nothing is passed over");
}

#[test]
fn a_csv_is_read_by_its_header() {
    for header in ["id_str,screen_name", "User ID,Username", "accountId,screen_name"] {
        let found = list_of(&format!("{header}\n12,zed\n")).unwrap();
        assert!(has(&found, "12") && has(&found, "@zed"), "{header}");
    }
    let list = list_of("name;user_id;screen_name\nA;12;one\nB;;two\n").unwrap();
    assert!(has(&list, "12") && has(&list, "@one") && has(&list, "@two"));
    assert_eq!(list.len(), 3);
}

#[test]
fn a_column_of_links_is_enough() {
    for header in ["link", "Link", "url", "name,link", "link,name"] {
        let row = |link: &str| match header.split_once(',') {
            None => link.to_owned(),
            Some(("name", _)) => format!("Ada,{link}"),
            Some(_) => format!("{link},Ada"),
        };
        let rows = ["x.com/i/user/13", "https://x.com/ada", "did:a"].map(|link| row(link) + "\n").concat();
        let list = list_of(&format!("{header}\n{rows}")).unwrap();
        assert!(["13", "@ada", "did:a"].iter().all(|target| has(&list, target)) && list.len() == 3, "{header}");
        assert!(list_of(&format!("{header}\n{}\n", row("https://example.org/about"))).is_err(), "{header}");
    }
}

#[test]
fn names_in_a_csv_are_kept_beside_ids() {
    for column in ["screen_name", "Username", "HANDLE"] {
        for text in [
            format!("{column}\nada\n@Bob # a friend\nhttps://x.com/cid\n"),
            format!("target_id,{column}\n12,ada\n13,@bob\n,cid\n"),
            format!("{column};name;id\nada;A;12\nbob;B;13\nx.com/cid;C;\n"),
        ] {
            let list = list_of(&text).unwrap();
            assert!(["@ada", "@bob", "@cid"].iter().all(|name| has(&list, name)), "{text}");
            assert_eq!(list.ids().len(), if text.contains("12") { 2 } else { 0 }, "{text}");
        }
    }
    // What stands in a name's column beside an ID need not be a name; alone it must be one.
    let list = list_of("id,username\n12,not a name\n").unwrap();
    assert_eq!((list.ids().len(), list.handles().len()), (1, 0));
    assert!(list_of("id,username\n12,ada\n,not a name\n").is_err());
}

#[test]
fn a_kept_post_does_not_keep_all_of_its_authors() {
    for header in ["tweet_id,screen_name", "target_id,handle,likes", "id,username,is_repost"] {
        let list = list_of(&format!("{header}\n12,ada,1\n,bob,0\n")).unwrap();
        assert!(has(&list, "12") && has(&list, "@bob") && !has(&list, "@ada"), "{header}");
    }
}

#[test]
fn nothing_is_passed_over() {
    for (text, line) in [
        ("12\njack\n", 2),
        ("12\n1.2E+18\n", 2),
        ("1234567890123450000\n", 1),
        ("12\n1629556410996121344\n1629556410996133632\n", 2),
        ("12\n\n1629556410996121300\n1629556410996133600\n", 3),
    ] {
        match list_of(text).unwrap_err() {
            JobFileError::KeepLine { line: at, .. } => assert_eq!(at, line, "{text}"),
            error @ JobFileError::KeepDamaged { line: at, .. } => {
                assert_eq!(at, line, "{text}");
                assert!(error.hint().contains("as text") && error.to_string().contains("somebody else"), "{error}");
            }
            other => panic!("{other}"),
        }
    }
    assert!(list_of("1629556410996121344\n").is_ok(), "one alone is chance");
    assert!(matches!(list_of("name,age\nA,7\n"), Err(JobFileError::NoTargetColumn { .. })));
}

#[test]
fn an_id_in_a_link_beside_a_name_is_kept_as_well() {
    for (text, ids, names) in [
        ("screen_name,link\nada,https://x.com/i/user/12\nbob,\n", &["12"][..], &["@ada", "@bob"][..]),
        ("handle;url\nada;x.com/i/user/12\n;https://twitter.com/intent/user?user_id=13\n", &["12", "13"], &["@ada"]),
        ("url,username\nhttps://x.com/ada/status/14,ada\n", &["14"], &["@ada"]),
        // A page elsewhere is nobody's entry; a profile is, alone as well.
        (
            "username,url\nada,https://ada.example/12\n,x.com/cid\nbob,x.com/eve\n",
            &[],
            &["@ada", "@bob", "@cid", "@eve"],
        ),
        ("id,link,username\n12,https://x.com/i/user/13,ada\n", &["12", "13"], &["@ada"]),
    ] {
        let list = list_of(text).unwrap();
        assert!(ids.iter().chain(names).all(|entry| has(&list, entry)), "{text}");
        assert_eq!(list.len(), ids.len() + names.len(), "{text}");
    }
    for text in ["username,url\n,https://ada.example\n", "screen_name,link\nada,\n,elsewhere\n"] {
        assert!(matches!(list_of(text), Err(JobFileError::KeepLine { .. })), "{text}");
    }
}

#[test]
fn a_list_that_is_cut_inside_its_last_id_protects_nobody() {
    let whole = "1629556410996121225\n1629556410996133633\n";
    for cut in ["16295564109961", "https://x.com/i/user/16295564"] {
        match list_of(&format!("{whole}{cut}")).unwrap_err() {
            JobFileError::KeepLine { line: 3, why, .. } => assert!(why.contains("add a line end"), "{why}"),
            other => panic!("{other}"),
        }
        assert!(list_of(&format!("{whole}{cut}\n")).is_ok() && list_of(&format!("{whole}{cut} # 1")).is_ok(), "{cut}");
    }
    assert!(list_of("target_id,handle\n12,ada\n1").is_err(), "its name is missing");
    for honest in ["1629556410996121225\n1629556410996133633", "12\n1629556410996133633\n7", "7", "@ada\n@b"] {
        assert!(list_of(honest).is_ok(), "{honest}");
    }
}

#[test]
fn a_key_is_spared_by_itself_and_by_nothing_that_looks_like_it() {
    let key: Target = "at://did:plc:a/app.bsky.graph.follow/3k".parse().unwrap();
    let mut list = KeepList::default();
    let mut other = KeepList::default();
    other.insert(key.clone());
    list.insert("@ada".parse().unwrap());
    list.extend(other);
    assert!(list.contains(&key) && list.names(&key, &[]) && list.names_for_certain(&key, &["bob".parse().unwrap()]));
    for text in ["at://did:plc:a/app.bsky.graph.follow/3K", "3k", "ada", "7"] {
        assert!(!list.contains(&text.parse().unwrap()), "{text}");
    }
    let ada: Target = "@ada".parse().unwrap();
    let handles = ["ada", "bob"].map(|name| name.parse().unwrap());
    assert!(list.names(&ada, &handles) && !list.names_for_certain(&ada, &handles), "two names are two users");
    let mut named: Vec<String> = list.targets().map(|target| target.to_string()).collect();
    named.sort_unstable();
    assert_eq!(named, ["@ada".to_owned(), key.to_string()]);
    assert_eq!(list.len(), 2);
}

/// A list is for accounts of every network: nobody is told to write a numeric ID.
#[test]
fn a_line_that_names_nobody_is_told_in_words_for_every_network() {
    for text in ["jack\n", "@a-b\n", "https://example.org/about\n", "99999999999999999999\n", "name,id\nada,\n"] {
        let said = list_of(text).unwrap_err().to_string();
        assert!(!said.contains("numeric ID") && !said.contains("x.com") && said.contains("link"), "{text}: {said}");
    }
    assert!(list_of("1.23E+18\n").unwrap_err().to_string().contains("spreadsheet"));
}
