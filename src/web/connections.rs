//! The connections there are, and which of them goes when there is one too many: the oldest of those that nobody with a session speaks on.
//! Whoever holds all of these open keeps neither a person with a session out nor one who comes in.
//!
//! In: connections as they come, the guard's word that one has a session. Out: whose turn to go it is. What does not belong here: sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Connections without a session.
const MAX_STRANGERS: usize = 192;
/// Strangers whose password is being looked at, or waits for it: they do not go meanwhile.
const MAX_HELD: usize = 32;
/// More of them for browsers that have logged in before: strangers do not take these.
const MAX_HELD_DEVICES: usize = 8;
/// Connections with a session, or with a scraper's token; more of them may go as strangers do.
const MAX_KNOWN: usize = 64;

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    /// By age, the oldest first, with what tells them to go.
    strangers: BTreeMap<u64, Arc<Notify>>,
    known: BTreeSet<u64>,
    held: BTreeMap<u64, Arc<Notify>>,
}

/// All connections of a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections(Arc<Mutex<Inner>>);

/// A connection that is open; dropped, its place is free.
#[derive(Debug)]
pub(super) struct Place {
    connection: Connection,
    evicted: Arc<Notify>,
}

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    /// Who is at its other end.
    pub(super) peer: IpAddr,
    number: u64,
    all: Connections,
}

impl Connections {
    /// A place for one more; where there is none, the oldest stranger goes.
    pub(super) fn admit(&self, peer: IpAddr) -> Place {
        let evicted = Arc::new(Notify::new());
        let mut inner = self.inner();
        if inner.strangers.len() >= MAX_STRANGERS
            && let Some((_, oldest)) = inner.strangers.pop_first()
        {
            oldest.notify_one();
        }
        inner.last += 1;
        let number = inner.last;
        inner.strangers.insert(number, Arc::clone(&evicted));
        Place { connection: Connection { peer, number, all: self.clone() }, evicted }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Somebody with a session, or a scraper, speaks on it: it does not go for a stranger's sake.
    pub(super) fn know(&self) {
        let mut inner = self.all.inner();
        if inner.known.len() < MAX_KNOWN && inner.strangers.remove(&self.number).is_some() {
            inner.known.insert(self.number);
        }
    }

    /// Keeps it from going for a stranger's sake until this is dropped; none where too many are kept already. `is_device`: the browser has
    /// logged in before.
    pub(super) fn hold(&self, is_device: bool) -> Option<HeldConnection> {
        let mut inner = self.all.inner();
        if inner.held.len() >= if is_device { MAX_HELD + MAX_HELD_DEVICES } else { MAX_HELD } {
            return None;
        }
        if let Some(evicted) = inner.strangers.remove(&self.number) {
            inner.held.insert(self.number, evicted);
        }
        Some(HeldConnection(self.clone()))
    }

    /// Whether it is one that stays.
    pub(super) fn is_known(&self) -> bool {
        self.all.inner().known.contains(&self.number)
    }
}

/// See [`Connection::hold`].
#[derive(Debug)]
pub(super) struct HeldConnection(Connection);

impl Drop for HeldConnection {
    fn drop(&mut self) {
        let mut inner = self.0.all.inner();
        if let Some(evicted) = inner.held.remove(&self.0.number) {
            inner.strangers.insert(self.0.number, evicted);
        }
    }
}

impl Place {
    /// The connection, for its requests.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits until it has to go.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.connection.all.inner();
        inner.strangers.remove(&self.connection.number);
        inner.known.remove(&self.connection.number);
        inner.held.remove(&self.connection.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn must_go(place: &Place) -> bool {
        let mut waiting = std::pin::pin!(place.evicted());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::future::Future::poll(waiting.as_mut(), &mut context).is_ready()
    }

    #[test]
    fn the_oldest_stranger_goes_and_who_is_known_stays() {
        let all = Connections::default();
        let known = all.admit(PEER);
        known.connection().know();
        let strangers: Vec<Place> = (0..MAX_STRANGERS).map(|_| all.admit(PEER)).collect();
        assert!(!must_go(&known) && !strangers.iter().any(must_go));
        let more: Vec<Place> = (0..2).map(|_| all.admit(PEER)).collect();
        assert!(must_go(&strangers[0]) && must_go(&strangers[1]) && !must_go(&strangers[2]) && !must_go(&known));
        strangers[1].connection().know();
        assert!(!strangers[1].connection().is_known(), "it has gone already");
        drop((strangers, more));
        let fresh: Vec<Place> = (0..MAX_STRANGERS).map(|_| all.admit(PEER)).collect();
        assert!(!fresh.iter().any(must_go), "places that were left are free");
    }

    #[test]
    fn who_waits_for_a_look_at_the_password_does_not_go_and_few_wait() {
        let all = Connections::default();
        let owner = all.admit(PEER);
        let held = owner.connection().hold(false);
        let flood: Vec<Place> = (0..3 * MAX_STRANGERS).map(|_| all.admit(PEER)).collect();
        assert!(!must_go(&owner) && must_go(&flood[0]));
        let waiting: Vec<_> = flood.iter().rev().map_while(|place| place.connection().hold(false)).collect();
        assert_eq!(waiting.len(), MAX_HELD - 1);
        // A crowd of strangers leaves places for browsers that have logged in before, and those are few as well.
        let newest = flood.iter().rev().skip(MAX_HELD - 1);
        let devices: Vec<_> = newest.map_while(|place| place.connection().hold(true)).collect();
        assert_eq!(devices.len(), MAX_HELD_DEVICES);
        drop(devices);
        // Afterwards it is a stranger like any other, and the oldest.
        drop(held);
        let _more: Vec<Place> = (0..MAX_HELD).map(|_| all.admit(PEER)).collect();
        assert!(must_go(&owner));
        // Whose connection is gone holds no place.
        drop((waiting, flood));
        assert!(all.inner().held.is_empty());
    }

    #[test]
    fn no_more_than_so_many_are_known() {
        let all = Connections::default();
        let mut places: Vec<Place> = (0..=MAX_KNOWN).map(|_| all.admit(PEER)).collect();
        places.iter().for_each(|place| place.connection().know());
        assert_eq!(places.iter().filter(|place| place.connection().is_known()).count(), MAX_KNOWN);
        places.remove(0);
        places[MAX_KNOWN - 1].connection().know();
        assert!(places.iter().all(|place| place.connection().is_known()));
    }
}
