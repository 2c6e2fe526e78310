//! Decentralized identifiers: names of users that belong to no host. In: a text. Out: whether it is one. Pure.

use super::host_name::is_public_name;

/// How many characters of base 32 name a user in the directory of `did:plc`.
const PLC_CHARS: usize = 24;

/// Whether a text is a DID of one of the two methods that are in use, `did:plc:` and `did:web:`, to the letter: one that lost a character on its
/// way is none. Every one of them can stand in an address and in JSON as it is.
pub fn is_did(text: &str) -> bool {
    if let Some(id) = text.strip_prefix("did:plc:") {
        return id.len() == PLC_CHARS && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    }
    let is_lower = |host: &&str| !host.bytes().any(|byte| byte.is_ascii_uppercase());
    text.strip_prefix("did:web:").filter(is_lower).is_some_and(is_public_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_did_is_whole_and_of_a_known_method() {
        for text in ["did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did:web:example.org", "did:web:a-b.example"] {
            assert!(is_did(text), "{text}");
        }
        for text in [
            "",
            "did:plc:",
            "did:plc:ewvi7nxzyoun6zhxrhs64oi",
            "did:plc:ewvi7nxzyoun6zhxrhs64oizz",
            "did:plc:EWVI7NXZYOUN6ZHXRHS64OIZ",
            "did:plc:ewvi7nxzyoun6zhxrhs64oi1",
            "DID:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
            "did:web:example",
            "did:web:Example.org",
            "did:web:example.org:path",
            "did:web:localhost%3A2583",
            "did:web:example.org\"",
            " did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        ] {
            assert!(!is_did(text), "{text}");
        }
    }
}
