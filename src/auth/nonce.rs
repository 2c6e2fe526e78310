//! The nonce of an account's own server, asked for before anything that counts is sent. In: credentials that are bound to a key. Out: the same,
//! ready to be used. What does not belong here: nonces of authorization servers (`bound_server`), what they are (`platforms`).

use reqwest::Method;

use super::cached_login::{CachedLogin, Current, NoToken};
use super::oauth_http::WireError;
use super::tokens::TokenSource;
use crate::platforms::{DPOP, spec};

impl TokenSource {
    /// Credentials for which the server has given a nonce, or wants none. It is asked once, and whatever it answers says which: one that fails
    /// gives none, and what is sent then is answered like anybody's.
    pub(super) async fn with_nonce(&self, slot: &CachedLogin, current: Current) -> Result<Current, NoToken> {
        let clock = &self.means.clock;
        if current.credentials.are_ready(clock.now().tick) {
            return Ok(current);
        }
        if let Err(error) = self.ask_for_nonce(slot, &current).await {
            let until = slot.back_off(clock.now().tick, error.to_string());
            return Err(slot.later(until));
        }
        slot.has_answered();
        current.credentials.heard_of_nonces(clock.now().tick);
        Ok(current)
    }

    async fn ask_for_nonce(&self, slot: &CachedLogin, current: &Current) -> Result<(), WireError> {
        let (clock, wire) = (&self.means.clock, &self.means.wire);
        let (Some(who), Some(host)) = (&spec(slot.user.platform).who_am_i, &slot.user.host) else { return Ok(()) };
        let built = wire.request(Method::GET, &format!("{}{}", host.address(), who.path)).build();
        let mut request = built.map_err(|_| WireError::NotSent("the address is no URL".into()))?;
        let proven = current.credentials.authorize(&mut request, None, clock.now().wall);
        proven.map_err(|why| WireError::NotSent(why.to_string()))?;
        let proof = request.headers().get(DPOP).cloned();
        let answer = wire.carry(request).await?;
        current.credentials.learn(proof.as_ref(), answer.status(), answer.headers(), clock.now().tick);
        Ok(())
    }
}
