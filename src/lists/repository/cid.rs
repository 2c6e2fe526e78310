//! Names of blocks: a hash, and what it is the hash of. Pure.

use std::fmt;

use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
const DAG_CBOR: u8 = 0x71;
/// Bytes without a form, as files have.
const RAW: u8 = 0x55;
const SHA_256: u8 = 0x12;
const DIGEST_BYTES: u8 = 32;

/// The name of a block: version 1, DAG-CBOR or raw, SHA-256. The protocol has no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cid {
    encoding: u8,
    digest: [u8; DIGEST_BYTES as usize],
}

impl Cid {
    /// How many bytes it is written in.
    pub(super) const BYTES: usize = 4 + DIGEST_BYTES as usize;

    /// The name that these bytes are; none where they are another one or more.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Cid> {
        let (head, digest) = bytes.split_first_chunk::<4>()?;
        let &[VERSION, encoding @ (DAG_CBOR | RAW), SHA_256, DIGEST_BYTES] = head else { return None };
        Some(Cid { encoding, digest: digest.try_into().ok()? })
    }

    /// Whether it is the name of this block.
    pub(super) fn names(&self, block: &[u8]) -> bool {
        Sha256::digest(block)[..] == self.digest
    }

    /// The beginning of the hash: two honest blocks of a file have the same one once in two million files.
    pub(super) fn prefix(&self) -> u64 {
        self.digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [VERSION, self.encoding, SHA_256, DIGEST_BYTES];
        f.write_str(&written(&[&head[..], &self.digest].concat()))
    }
}

/// Any CID as text.
pub(super) fn written(cid: &[u8]) -> String {
    format!("b{}", in_digits(cid, 5, b"abcdefghijklmnopqrstuvwxyz234567"))
}

/// Bytes in digits of so many bits, as RFC 4648 writes them without padding.
pub(super) fn in_digits(bytes: &[u8], bits: u32, alphabet: &[u8]) -> String {
    let (mut text, mut held, mut held_bits) = (String::with_capacity(bytes.len() * 8 / bits as usize + 1), 0_u32, 0);
    let digit = |value: u32| char::from(alphabet[(value & ((1 << bits) - 1)) as usize]);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        held_bits += 8;
        while held_bits >= bits {
            held_bits -= bits;
            text.push(digit(held >> held_bits));
        }
        held &= (1 << held_bits) - 1;
    }
    if held_bits > 0 {
        text.push(digit(held << (bits - held_bits)));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_block_is_named_as_everybody_names_it() {
        // The empty object in DAG-CBOR, as the interoperability tests of IPLD have it.
        let bytes = [&[1, 0x71, 0x12, 0x20][..], &Sha256::digest([0xa0])].concat();
        let cid = Cid::from_bytes(&bytes).unwrap();
        assert_eq!(cid.to_string(), "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua");
        assert!(cid.names(&[0xa0]) && !cid.names(&[0xa1]));
        for other in [&bytes[..35], &bytes[1..], &[&bytes[..], &[0]].concat(), &[0x12, 0x20], &[]] {
            assert_eq!(Cid::from_bytes(other), None);
        }
        for (at, wrong) in [(0, 0), (1, 0x70), (2, 0x13), (3, 31)] {
            let mut bytes = bytes.clone();
            bytes[at] = wrong;
            assert_eq!(Cid::from_bytes(&bytes), None);
        }
    }

    #[test]
    fn digits_are_those_of_rfc_4648() {
        let base64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (bytes, base_32, base_64) in [
            ("", "", ""),
            ("f", "my", "Zg"),
            ("fo", "mzxq", "Zm8"),
            ("foo", "mzxw6", "Zm9v"),
            ("foob", "mzxw6yq", "Zm9vYg"),
            ("foobar", "mzxw6ytboi", "Zm9vYmFy"),
        ] {
            assert_eq!(written(bytes.as_bytes()), format!("b{base_32}"));
            assert_eq!(in_digits(bytes.as_bytes(), 6, base64), base_64);
        }
    }
}
