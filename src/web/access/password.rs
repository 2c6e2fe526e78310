//! The password of a server behind a proxy: stretched at the start, never kept as it is.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::Generate;

use crate::domain::Secret;

/// The fewest characters a password has.
pub const MIN_PASSWORD_CHARS: usize = 16;
/// The fewest characters a scraper's token has.
const MIN_METRICS_TOKEN_CHARS: usize = 16;
/// The most bytes that are stretched.
const MAX_PASSWORD_BYTES: usize = 1_024;
/// Argon2id's costs as OWASP recommends them (2024): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Why a password cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It can be guessed.
    #[error("the password of the dashboard is too short: {MIN_PASSWORD_CHARS} characters or more")]
    Short,
    /// Nobody types this.
    #[error("the password of the dashboard is longer than {MAX_PASSWORD_BYTES} bytes")]
    Long,
    /// The machine is in the way.
    #[error("the password of the dashboard cannot be stretched: {0}")]
    Machine(&'static str),
}

/// A scraper's token that can be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CLEANUP_METRICS_TOKEN is too short: {MIN_METRICS_TOKEN_CHARS} characters or more")]
pub struct ShortToken;

/// Whether a scraper's token is long enough.
///
/// # Errors
/// It can be guessed.
pub fn check_metrics_token(token: &Secret) -> Result<(), ShortToken> {
    if token.expose().chars().count() < MIN_METRICS_TOKEN_CHARS { Err(ShortToken) } else { Ok(()) }
}

/// A password, stretched.
#[derive(Clone)]
pub struct Password {
    salt: [u8; 16],
    stretched: [u8; 32],
    /// The memory that stretching takes, kept: from whichever thread it were given anew, the allocator would keep it for each.
    memory: Arc<Mutex<Vec<Block>>>,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(***)")
    }
}

impl Password {
    /// Whether it can be one.
    ///
    /// # Errors
    /// It is too short or too long.
    pub fn check(password: &Secret) -> Result<(), PasswordError> {
        if password.expose().chars().count() < MIN_PASSWORD_CHARS {
            return Err(PasswordError::Short);
        }
        if password.expose().len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::Long);
        }
        Ok(())
    }

    /// Stretches a password.
    ///
    /// # Errors
    /// It is too short or too long.
    pub fn new(password: &Secret) -> Result<Password, PasswordError> {
        Password::check(password)?;
        let salt = <[u8; 16]>::try_generate().map_err(|_| PasswordError::Machine("no random numbers"))?;
        let mut memory = vec![Block::default(); MEMORY_KIB as usize];
        let stretched = stretch(password.expose(), &salt, &mut memory)?;
        Ok(Password { salt, stretched, memory: Arc::new(Mutex::new(memory)) })
    }

    /// Whether it is this one. Takes a twentieth of a second, so it belongs on a thread of its own.
    pub fn is(&self, offered: &Secret) -> bool {
        if offered.expose().len() > MAX_PASSWORD_BYTES {
            return false;
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(offered) = stretch(offered.expose(), &self.salt, &mut memory) else { return false };
        self.stretched.iter().zip(offered).fold(0_u8, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

fn stretch(password: &str, salt: &[u8], memory: &mut [Block]) -> Result<[u8; 32], PasswordError> {
    let costs = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|_| PasswordError::Machine("the costs"))?;
    let mut stretched = [0; 32];
    let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, costs).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut stretched,
        &mut *memory,
    );
    // What it was made of stays in no memory.
    memory.fill(Block::default());
    done.map_err(|_| PasswordError::Machine("too little memory"))?;
    Ok(stretched)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_password_is_the_password() {
        let password = Password::new(&Secret::new("correct horse battery")).unwrap();
        assert!(password.is(&Secret::new("correct horse battery")));
        assert!(!password.is(&Secret::new("correct horse batterz")) && !password.is(&Secret::new("")));
        assert!(!password.is(&Secret::new("x".repeat(5_000))));
        assert!(!format!("{password:?}").contains("horse"));
        assert_eq!(Password::new(&Secret::new("fifteen letters")).unwrap_err(), PasswordError::Short);
        assert_eq!(check_metrics_token(&Secret::new("fifteen-letters")), Err(ShortToken));
        assert_eq!(check_metrics_token(&Secret::new("sixteen--letters")), Ok(()));
    }
}
