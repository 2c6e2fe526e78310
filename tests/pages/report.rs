//! The report as a page.

use serde_json::json;

use crate::common::{Home, RunToEnd, SandboxProcess};
use crate::pages::browser::Browser;
use crate::pages::worklist::refused_job;

#[test]
fn the_page_has_the_counts_the_chart_and_the_rows_that_need_a_look() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "refused=30%,gone=10%", "--seed", "5"]);
    refused_job(&home, &sandbox, 40);
    home.cleanup(["report", "unfollow", "--format", "html", "-o", "report.html"]).done().ends(0);
    let path = home.path("report.html");
    assert!(std::fs::metadata(&path).unwrap().len() < 100_000);
    let counts = home.cleanup(["status", "unfollow", "--json"]).done().json()["jobs"][0].clone();
    let Some(browser) = Browser::start() else { return };
    browser.judge(&path);
    let shown = browser.run(
        "const counts = Object.fromEntries([...document.querySelectorAll('dl.counts div')].map(
             (d) => [d.querySelector('dt').textContent, Number(d.querySelector('dd').textContent)]));
         const sum = (n) => [...document.querySelectorAll('details tbody tr')].map(
             (r) => Number(r.cells[n].textContent)).reduce((a, b) => a + b, 0);
         const looks = [...document.querySelectorAll('section, main > div.wide')].pop().querySelectorAll('tbody tr');
         return { counts, chart: [sum(1), sum(2), sum(3)], looks: looks.length,
                  links: [...looks].every((r) => r.querySelector('a').href.startsWith('https://x.com/i/user/')),
                  total: document.querySelector('table tbody tr:last-child td.number').textContent,
                  role: document.querySelector('figure svg').getAttribute('role'), scripts: document.scripts.length,
                  title: document.title }",
    );
    for outcome in ["done", "gone", "failed"] {
        assert_eq!(shown["counts"][outcome], counts[outcome], "{shown} {counts}");
    }
    assert_eq!(shown["chart"], json!([counts["done"], counts["gone"], counts["failed"]]));
    assert_eq!((&shown["looks"], &shown["links"], &shown["total"]), (&counts["failed"], &json!(true), &json!("40")));
    assert_eq!((&shown["role"], &shown["scripts"]), (&json!("img"), &json!(0)));
    assert_eq!(shown["title"], "cleanup: unfollow");
}
