//! The way to a server beyond this machine is encrypted, and goes to that server alone: a real PostgreSQL with certificates of an authority of
//! this test. What is refused is refused before a password has left.

use std::path::Path;
use std::process::{Command, Stdio};

use super::cluster::Cluster;
use crate::common::{Done, Home, RunToEnd, USER};

const PASSWORD: &str = "canary-password-of-a-server";

/// Runs openssl in a folder.
fn openssl(folder: &Path, words: &str) {
    let mut command = Command::new("openssl");
    command.args(words.split(' ')).current_dir(folder).stdin(Stdio::null());
    let done = command.output().unwrap();
    assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, and certificates for 127.0.0.1 with one key: a good one, one whose time is over, and one that nobody has signed.
fn make_certificates(folder: &Path) {
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(folder, &format!("req -x509 {new} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"));
    let server = "-subj /CN=server -addext subjectAltName=IP:127.0.0.1";
    openssl(folder, &format!("req -new {new} -keyout server.key -out server.csr {server}"));
    let signed = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy";
    openssl(folder, &format!("{signed} -days 2 -out good.pem"));
    openssl(folder, &format!("{signed} -days 0 -out over.pem"));
    openssl(folder, &format!("req -x509 -key server.key -out alone.pem -days 2 {server}"));
}

struct Desk {
    home: Home,
    cluster: Cluster,
}

impl Desk {
    fn new() -> Desk {
        let cluster = Cluster::alone();
        make_certificates(cluster.folder());
        cluster.gives_to_itself("server.key");
        // Sent in clear inside the encryption: only that keeps it.
        cluster.set_access(
            "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nhost all ada 127.0.0.1/32 password\n",
        );
        cluster.tell("postgres", &format!("create role ada login password '{PASSWORD}'")).unwrap();
        cluster.tell("postgres", "create database queue owner ada encoding 'UTF8' template template0").unwrap();
        cluster.tell("postgres", "alter system set log_connections = on").unwrap();
        let key = cluster.folder().join("server.key");
        cluster.tell("postgres", &format!("alter system set ssl_key_file = '{}'", key.display())).unwrap();
        Desk { home: Home::new(), cluster }
    }

    fn certificate(&self, name: &str) {
        let file = self.cluster.folder().join(name);
        self.cluster.tell("postgres", &format!("alter system set ssl_cert_file = '{}'", file.display())).unwrap();
        self.cluster.tell("postgres", "alter system set ssl = on").unwrap();
        self.cluster.restart(super::cluster::Stop::Fast);
    }

    /// Loads a row by this name of the server; `asked` stands behind the `?` of the address.
    fn load(&self, host: &str, asked: &str) -> Done {
        self.home.write("unfollow.csv", "user_id\n1629556410996121225\n");
        let address = format!("postgres://ada:{PASSWORD}@{host}:{}/queue?{asked}", self.cluster.primary_port());
        let mut load = self.home.cleanup(["load", "unfollow.csv"]);
        let done = load.env("CLEANUP_DB", address).env("CLEANUP_X_USER_ID", USER).done();
        assert!(!done.err.contains(PASSWORD) && !done.out.contains(PASSWORD), "{done:?}");
        done
    }

    /// How often the server was told a password, right or wrong.
    fn passwords_told(&self) -> usize {
        let log = self.cluster.log();
        log.matches("connection authenticated: identity=\"ada\"").count() + log.matches("authentication failed").count()
    }

    #[track_caller]
    fn refuses(&self, host: &str, asked: &str, why: &str) {
        let before = self.passwords_told();
        let done = self.load(host, asked);
        assert!(done.code == 74 || done.code == 78, "{why}: {done:?}");
        assert!(done.err.contains(why), "{why}? {}", done.err);
        assert_eq!(self.passwords_told(), before, "{why}: a password was sent");
    }
}

#[test]
#[ignore = "needs PostgreSQL's programs: tests/postgres/run"]
fn a_postgres_server_that_cannot_prove_its_name_gets_no_password() {
    let desk = Desk::new();
    let ours = format!("sslmode=verify-full&sslrootcert={}", desk.cluster.folder().join("ca.pem").display());
    // A server without TLS: nothing goes on without.
    desk.refuses("127.0.0.1", &ours, "TLS");
    desk.certificate("good.pem");
    desk.load("127.0.0.1", &ours).ends(0);
    assert!(desk.passwords_told() > 0, "the log tells of those that come through");
    desk.refuses("localhost", &ours, "certificate");
    desk.refuses("127.0.0.1", "sslmode=verify-full", "certificate");
    desk.certificate("alone.pem");
    desk.refuses("127.0.0.1", &ours, "certificate");
    // Whoever asks for encryption alone gets it.
    desk.load("127.0.0.1", "sslmode=require").ends(0);
    desk.certificate("over.pem");
    desk.refuses("127.0.0.1", &ours, "certificate");
}
