//! How much of a form is in memory. The parser of forms keeps what stands in front of the first field, and the head of each field, until it has
//! seen their ends, and takes in all that the connection has. So it gets a form in small pieces, one at a time, and no more than it may keep.
//!
//! In: a body. Out: the same body, and an error in it where more is kept than is allowed. What does not belong here: what is in a form.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::stream::{StreamExt, poll_fn};

/// What the parser gets at a time.
const PIECE_BYTES: usize = 16 * 1024;
/// What it may keep. With each question for a field or a part of one it takes in two pieces at the most, and a form of ours has twelve fields.
pub(super) const MAX_KEPT_BYTES: usize = 4 * 1024 * 1024;

/// What the parser has been given, and has not given out as the content of a field.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptBytes(Arc<AtomicUsize>);

impl KeptBytes {
    /// So much of a field's content has come out of the parser.
    pub(super) fn give_out(&self, bytes: usize) {
        self.0.fetch_sub(bytes.min(self.0.load(Ordering::Relaxed)), Ordering::Relaxed);
    }

    /// Whether the parser keeps more than it may.
    pub(super) fn are_too_many(&self) -> bool {
        self.0.load(Ordering::Relaxed) > MAX_KEPT_BYTES
    }

    /// A body as the parser gets it.
    pub(super) fn counting(&self, body: Body) -> Body {
        let (kept, mut pieces) = (self.clone(), body.into_data_stream());
        let (mut rest, mut is_parsing) = (Bytes::new(), false);
        Body::from_stream(poll_fn(move |cx| {
            if mem::replace(&mut is_parsing, false) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if kept.are_too_many() {
                return Poll::Ready(Some(Err(BoxError::from("more stands between its fields than a form needs"))));
            }
            while rest.is_empty() {
                match std::task::ready!(pieces.poll_next_unpin(cx)) {
                    Some(Ok(piece)) => rest = piece,
                    Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                    None => return Poll::Ready(None),
                }
            }
            let piece = rest.split_to(rest.len().min(PIECE_BYTES));
            kept.0.fetch_add(piece.len(), Ordering::Relaxed);
            is_parsing = true;
            Poll::Ready(Some(Ok(piece)))
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn pieces_come_one_at_a_time_and_end_where_too_much_is_kept() {
        let kept = KeptBytes::default();
        let body = vec![b'x'; MAX_KEPT_BYTES + 3 * PIECE_BYTES];
        let mut pieces = kept.counting(Body::from(body)).into_data_stream();
        let mut cx = Context::from_waker(Waker::noop());
        let mut next = || {
            let next = pieces.poll_next_unpin(&mut cx);
            let Poll::Ready(Some(next)) = next else { panic!("{next:?}") };
            assert!(pieces.poll_next_unpin(&mut cx).is_pending());
            next
        };
        assert_eq!(next().unwrap().len(), PIECE_BYTES);
        kept.give_out(PIECE_BYTES);
        for _ in 0..=MAX_KEPT_BYTES / PIECE_BYTES {
            assert!(!kept.are_too_many());
            next().unwrap();
        }
        assert!(kept.are_too_many());
        kept.give_out(2 * MAX_KEPT_BYTES);
        assert_eq!(next().unwrap().len(), PIECE_BYTES, "what is given out is not kept");
    }
}
