//! What a bad wire can do to a request.

/// What becomes of one request, or of its connection afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WireFault {
    /// It is answered, and then the idle connection is closed.
    ClosedIdle,
    /// It is answered, and then the idle connection is reset.
    ResetIdle,
    /// It is answered, and then the idle connection is told of a time that has run out, as load balancers do, and closed.
    TimedOutIdle,
    /// Its bytes vanish, and nothing comes back.
    Vanishes,
    /// It arrives, and nothing comes back.
    AnswerVanishes,
    /// The same, and it arrives two seconds late.
    ArrivesLate,
    /// It arrives, and after the deadline an answer comes that is not its own.
    AnsweredLate,
    /// It is answered, and another answer that nobody has asked for comes in the same breath.
    AnsweredTwice,
    /// Its answer says that it is shorter than it is.
    PromisesTooLittle,
    /// Its answer has a length and comes in pieces too, which end first. What the length covers beyond them is another answer.
    TwoFramings,
    /// Its answer has two lengths, and what is beyond the shorter one is another answer.
    TwoLengths,
    /// Its answer says that it has no body, and has one.
    NoContentWithBody,
    /// Its answer promises more than comes, and the connection stays open.
    PromisesTooMuch,
    /// The same, and the connection is closed.
    BreaksOff,
    /// Its answer comes a byte at a time, from the first on.
    Trickles,
    /// The head of its answer comes at once, and its body a byte at a time.
    BodyTrickles,
    /// Its answer has a head without an end.
    EndlessHead,
    /// Its answer never comes, and is announced again and again.
    EndlessInterim,
    /// Its answer has a body without an end.
    EndlessBody,
    /// Its answer says how much too long its body is.
    HugeBody,
    /// The body of its answer is small, and unpacks to a huge one. Nobody has asked for a packed one.
    PackedBomb,
}

impl WireFault {
    /// The sandbox is asked.
    pub fn reaches_the_platform(self) -> bool {
        self != WireFault::Vanishes
    }

    /// The sandbox is asked, and the program cannot know what it said.
    pub fn loses_the_answer(self) -> bool {
        use WireFault::{AnsweredTwice, ClosedIdle, ResetIdle, TimedOutIdle, TwoFramings};
        self.reaches_the_platform()
            && !matches!(self, ClosedIdle | ResetIdle | TimedOutIdle | AnsweredTwice | TwoFramings)
    }

    /// In the table of the fault programme.
    pub fn name(self) -> &'static str {
        match self {
            WireFault::ClosedIdle => "an idle connection is closed",
            WireFault::ResetIdle => "an idle connection is reset",
            WireFault::TimedOutIdle => "an idle connection is told 408, and closed",
            WireFault::Vanishes => "a request vanishes on a dead connection",
            WireFault::AnswerVanishes => "an answer vanishes on a dead connection",
            WireFault::ArrivesLate => "a request arrives late on a dead connection",
            WireFault::AnsweredLate => "an answer comes after the deadline",
            WireFault::AnsweredTwice => "an answer that nobody asked for follows one",
            WireFault::PromisesTooLittle => "an answer is longer than it says",
            WireFault::TwoFramings => "an answer has a length and pieces that disagree",
            WireFault::TwoLengths => "an answer has two lengths",
            WireFault::NoContentWithBody => "an answer without content has some",
            WireFault::PromisesTooMuch => "an answer is shorter than it says, and its connection stays open",
            WireFault::BreaksOff => "an answer is shorter than it says, and its connection is closed",
            WireFault::Trickles => "an answer comes a byte at a time",
            WireFault::BodyTrickles => "the body of an answer comes a byte at a time",
            WireFault::EndlessHead => "an answer has a head without an end",
            WireFault::EndlessInterim => "an answer is announced without an end",
            WireFault::EndlessBody => "an answer has a body without an end",
            WireFault::HugeBody => "an answer has a huge body",
            WireFault::PackedBomb => "an answer unpacks to a huge one",
        }
    }
}
