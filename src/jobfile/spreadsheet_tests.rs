#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::jobfile::read_target;

fn safe(cell: &str) -> String {
    guarded(cell, false, &mut String::new()).to_owned()
}

#[test]
fn a_formula_is_disarmed_wherever_a_cell_can_begin() {
    for (cell, written) in [
        ("=1+1", "'=1+1"),
        ("\u{feff}=1", "\u{feff}'=1"),
        ("\u{a0}=1", "\u{a0}'=1"),
        (" \u{3000}+1", " \u{3000}'+1"),
        ("\u{200b}@a", "\u{200b}'@a"),
        ("\u{b}-1", "\u{b}'-1"),
        ("\u{0}=1", "\u{0}'=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("a;=1", "a;'=1"),
        ("a; =1;@b", "a; '=1;'@b"),
        ("a;\"=1\"", "a;\"'=1\""),
        ("a\t=1", "a\t'=1"),
        ("a\r\n=1", "a\r\n'=1"),
        ("\ta", "'\ta"),
        ("\t=a", "'\t'=a"),
    ] {
        assert_eq!(safe(cell), written, "{cell:?}");
        assert_eq!(guarded(cell, true, &mut String::new()), cell, "raw");
    }
    for cell in ["", "ada", "1629556410996121225", "2020-01-01T00:00:00Z", "a=b", "a - b", "x, -y", "so; it is", "'=1"]
    {
        assert_eq!(safe(cell), cell);
    }
}

#[test]
fn a_name_is_written_without_its_sign_where_it_stays_a_name() {
    for (cell, written) in [
        ("@Ada_L", "Ada_L"),
        (" '@ada", "ada"),
        ("ada", "ada"),
        ("@12345", "@12345"),
        ("@a-b", "@a-b"),
        ("@=1+1", "@=1+1"),
        ("@", "@"),
        // No name: without one of its signs it would be one.
        ("@@ada", "@@ada"),
    ] {
        assert_eq!(name_cell(cell), written);
    }
}

/// What begins a cell for a spreadsheet that splits at `;`, tabs and line ends, with what it may skip taken away.
fn pieces(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '\t', '\r', '\n']).map(|piece| {
        piece.trim_start_matches(|c: char| {
            c.is_whitespace() || c.is_control() || "\u{feff}\u{200b}\u{200e}\u{ad}\"".contains(c)
        })
    })
}

proptest! {
    #[test]
    fn no_piece_of_a_cell_is_a_formula(cell in "(?s)[ab=+@;,\t\r\n \"'\u{a0}\u{feff}\u{200b}＝＠－-]{0,12}|(?s).{0,20}") {
        let written = safe(&cell);
        for piece in pieces(&written) {
            prop_assert!(!piece.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{:?} in {:?}", piece, written);
        }
        prop_assert_eq!(safe(&written), written.clone(), "twice is once");
    }

    #[test]
    fn a_guarded_cell_names_the_same_target(
        lead in "[ \u{a0}\u{feff}\t'\"=]{0,3}", cell in "[0-9]{1,19}|@[a-z_0-9]{1,15}|=\"[0-9]{1,19}\"|x.com/[a-z]{1,9}|(?s).{0,9}", tail in "[ ;\t\"]{0,2}",
    ) {
        let cell = format!("{lead}{cell}{tail}");
        prop_assert_eq!(read_target(safe(&cell).as_bytes(), None).ok(), read_target(cell.as_bytes(), None).ok(), "{:?}", cell);
    }
}
