//! The names of the platforms. What is known of each stands in a folder of its own (`platforms`).

use std::fmt;

super::with_names! {
    /// A platform whose endpoints `cleanup` speaks.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Platform {
        /// X API v2: what is meant where nobody names one.
        #[default]
        XV2 => "x-v2",
        /// X API v1.1.
        XV1 => "x-v1",
        /// The AIsa gateway.
        Aisa => "aisa",
        /// The sandbox; it speaks X API v2.
        Sandbox => "sandbox",
        /// The Mastodon API: Mastodon, GoToSocial, Pleroma, Akkoma. Every account has a host of its own.
        Mastodon => "mastodon",
        /// The sandbox, where it speaks the Mastodon API.
        MastodonSandbox => "mastodon-sandbox",
        /// Bluesky: the AT Protocol. Every account lives at a server of its own, and its ID is the same at each.
        Bluesky => "bluesky",
        /// The sandbox, where it speaks the AT Protocol.
        BlueskySandbox => "bluesky-sandbox",
    }
}

impl Platform {
    /// Whether it is the sandbox, where nothing is real.
    pub const fn is_sandbox(self) -> bool {
        matches!(self, Platform::Sandbox | Platform::MastodonSandbox | Platform::BlueskySandbox)
    }

    /// The platform that stands for this one in the sandbox.
    pub const fn in_sandbox(self) -> Platform {
        match self {
            Platform::XV2 | Platform::XV1 | Platform::Aisa | Platform::Sandbox => Platform::Sandbox,
            Platform::Mastodon | Platform::MastodonSandbox => Platform::MastodonSandbox,
            Platform::Bluesky | Platform::BlueskySandbox => Platform::BlueskySandbox,
        }
    }

    /// Every platform but the sandbox.
    pub fn real() -> impl Iterator<Item = Platform> {
        Platform::ALL.into_iter().filter(|platform| !platform.is_sandbox())
    }

    /// Whether an ID means the same at each of its hosts. Where it does not, nothing is remembered of an ID.
    pub const fn has_the_same_ids_everywhere(self) -> bool {
        !matches!(self, Platform::Mastodon)
    }

    /// Whose IDs it speaks of, as the queue stores it: platforms that name the same users and posts share theirs.
    pub const fn id_space(self) -> &'static str {
        match self {
            Platform::XV2 | Platform::XV1 | Platform::Aisa => "x",
            Platform::Sandbox => "sandbox",
            Platform::Mastodon => "mastodon",
            Platform::MastodonSandbox => "mastodon-sandbox",
            Platform::Bluesky => "bluesky",
            Platform::BlueskySandbox => "bluesky-sandbox",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

super::serde_as_text!(name, named: Platform);
