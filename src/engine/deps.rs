//! What a drain is given.

use std::sync::Arc;

use super::endpoint_reader::EndpointReader;
use super::event::Listener;
use super::send_guard::Guard;
use super::shutdown::Shutdown;
use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::platforms::Client;
use crate::store::{Drain, QueueWatch};

/// Everything outside of itself that a drain uses.
pub struct EngineDeps {
    /// The queue, with the lock held.
    pub drain: Drain,
    /// The way to the platforms.
    pub client: Arc<Client>,
    /// Every account's credentials.
    pub tokens: Arc<TokenSource>,
    /// The time.
    pub clock: SharedClock,
    /// How a run is told to end.
    pub shutdown: Shutdown,
    /// Who wants to hear of events.
    pub listener: Box<dyn Listener>,
    /// Who says what must not be sent.
    pub guard: Box<dyn Guard>,
    /// Who looks names up, and reads records of the accounts' own.
    pub reader: Arc<dyn EndpointReader>,
    /// Who tells of writes to the queue; none: it is looked at each second.
    pub watch: Option<QueueWatch>,
}
