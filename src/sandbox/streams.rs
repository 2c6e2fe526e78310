//! Bodies that are more than a text: one that breaks off, and one that comes in pages.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};

use super::platform_state::Platform;
use super::severed::Severed;
use super::who::KnownUser;
use crate::domain::{Action, TargetId};

/// Rows of the effects' CSV that are read under one lock.
const EFFECTS_PER_PAGE: usize = 1000;

/// Half of a body, then a broken connection.
pub(super) struct CutBody {
    first_half: Option<Bytes>,
    flushed: bool,
}

impl CutBody {
    pub(super) fn new(first_half: Bytes) -> CutBody {
        CutBody { first_half: Some(first_half), flushed: false }
    }
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = Severed;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Severed>>> {
        if let Some(half) = self.first_half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !std::mem::replace(&mut self.flushed, true) {
            // One round for hyper to write out what it has; an error would make it drop its buffer.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Severed::Closed)))
    }
}

/// A user's effects as CSV, a page at a time: the lock is never held for all of them.
pub(super) struct EffectPages {
    platform: Platform,
    who: KnownUser,
    after: Option<(Action, TargetId)>,
    state: PageState,
}

enum PageState {
    Header,
    Rows,
    Done,
}

impl EffectPages {
    pub(super) fn new(platform: Platform, who: KnownUser) -> EffectPages {
        EffectPages { platform, who, after: None, state: PageState::Header }
    }

    fn next_page(&mut self) -> Option<String> {
        let mut page = String::new();
        match self.state {
            PageState::Done => return None,
            PageState::Header => page.push_str("action,target,applied,requested\n"),
            PageState::Rows => {}
        }
        let effects = self.platform.world().effects(self.who, self.after, EFFECTS_PER_PAGE);
        for effect in &effects {
            // Writing to a string cannot fail.
            let _ = writeln!(page, "{},{},{},{}", effect.action, effect.target, effect.applied, effect.requested);
        }
        self.after = effects.last().map(|effect| (effect.action, effect.target)).or(self.after);
        self.state = if effects.len() < EFFECTS_PER_PAGE { PageState::Done } else { PageState::Rows };
        Some(page).filter(|page| !page.is_empty())
    }
}

impl Body for EffectPages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next_page().map(|page| Ok(Frame::data(Bytes::from(page)))))
    }
}
