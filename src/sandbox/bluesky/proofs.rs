//! Whether a proof of possession (DPoP) is right, as a PDS and its authorization server see to it: signed by the key in it, made for this
//! request, with a nonce of the server's, used once. Written from RFC 9449 anew and not with the client's signer. Pure: time comes in as an
//! argument.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::Moment;

/// Nonces change each minute; the one before and the next are good as well.
const ROTATION_MS: i64 = 60_000;
/// How far a proof's own time may be off, in seconds.
const CLOCK_OFF_SECONDS: i64 = 190;
const MAX_HELD: usize = 100_000;

/// How long a server takes the nonces that it gives for proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceRule {
    /// Two to three minutes.
    Rotating,
    /// So many proofs, and then none of those it has given, as after a restart.
    Uses(u32),
    /// Never.
    Never,
}

/// A request that has to be proven.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToProve<'a> {
    pub(super) method: &'a str,
    /// The host it came to.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    /// The header; empty where there is none.
    pub(super) proof: &'a str,
    /// The token that goes with it, where one does.
    pub(super) token: Option<&'a str>,
}

/// Why a proof is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProofFault {
    /// It has no nonce, or an old one.
    Nonce,
    /// Anything else, in a sentence.
    Wrong(&'static str),
}

/// Nonces given, proofs seen.
#[derive(Debug)]
pub(super) struct Proofs {
    seed: u64,
    rule: NonceRule,
    /// How many times every nonce became worthless at once.
    renewed: u64,
    used: u32,
    seen: HashSet<String>,
}

impl Proofs {
    pub(super) fn new(seed: u64) -> Proofs {
        Proofs { seed, rule: NonceRule::Rotating, renewed: 0, used: 0, seen: HashSet::new() }
    }

    pub(super) fn set_rule(&mut self, rule: NonceRule) {
        self.rule = rule;
    }

    /// The nonce that the next proof should have.
    pub(super) fn next(&self, now: Moment) -> String {
        self.nonce(now.wall.0.div_euclid(ROTATION_MS) + 1)
    }

    /// Whose proof it is: the thumbprint of its key.
    pub(super) fn check(&mut self, now: Moment, to: ToProve<'_>) -> Result<String, ProofFault> {
        use ProofFault::Wrong;
        let parts: Vec<&str> = to.proof.split('.').collect();
        let [head, claims, signature] = parts[..] else { return Err(Wrong("DPoP proof required")) };
        let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        let read = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).unwrap_or_default();
        let (header, said) = (read(head), read(claims));
        if header["typ"] != "dpop+jwt" || header["alg"] != "ES256" {
            return Err(Wrong("Failed to verify DPoP proof"));
        }
        let text = |name: &str| header["jwk"][name].as_str().unwrap_or_default();
        let point = [&[4][..], &decoded(text("x")), &decoded(text("y"))].concat();
        let signed = format!("{head}.{claims}");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(signed.as_bytes(), &decoded(signature))
            .map_err(|_| Wrong("Failed to verify DPoP proof: signature verification failed"))?;
        let off = said["iat"].as_i64().map_or(i64::MAX, |made| (now.wall.0.div_euclid(1000) - made).abs());
        if off > CLOCK_OFF_SECONDS {
            return Err(Wrong("Failed to verify DPoP proof: \"iat\" claim timestamp check failed"));
        }
        if said["htm"] != to.method {
            return Err(Wrong("DPoP \"htm\" mismatch"));
        }
        if said["htu"] != format!("http://{}{}", to.host, to.path) {
            return Err(Wrong("DPoP \"htu\" mismatch"));
        }
        if !said["nonce"].as_str().is_some_and(|nonce| self.takes(now, nonce)) {
            return Err(ProofFault::Nonce);
        }
        let hash = to.token.map(|token| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        if said.get("ath").and_then(Value::as_str) != hash.as_deref() {
            return Err(Wrong("DPoP \"ath\" mismatch"));
        }
        let id = said["jti"].as_str().filter(|id| !id.is_empty()).ok_or(Wrong("DPoP \"jti\" missing"))?;
        if self.seen.len() >= MAX_HELD {
            self.seen.clear();
        }
        if !self.seen.insert(id.to_owned()) {
            return Err(Wrong("DPoP proof replayed"));
        }
        // RFC 7638: these members in this order.
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text("x"), text("y"));
        Ok(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(jwk)))
    }

    fn takes(&mut self, now: Moment, nonce: &str) -> bool {
        // What the last answer gave is worth nothing any more.
        if matches!(self.rule, NonceRule::Uses(uses) if self.used >= uses) {
            (self.used, self.renewed) = (0, self.renewed + 1);
        }
        let minute = now.wall.0.div_euclid(ROTATION_MS);
        let is_good = (minute - 1..=minute + 1).any(|minute| self.nonce(minute) == nonce);
        self.used += u32::from(is_good);
        is_good && self.rule != NonceRule::Never
    }

    fn nonce(&self, minute: i64) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{} {} {minute}", self.seed, self.renewed)))
    }
}
