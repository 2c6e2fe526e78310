//! Who may talk to the dashboard: the address asked for, the page that asks, the person behind it. In this order, and each alone
//! refuses.
//!
//! In: heads of requests. Out: a session, or a refusal. What does not belong here: pages.
//!
//! 1. **Host** (`origin`): only names this server is known under. A page whose name was rebound to our address has its own
//!    name in `Host`, and gets nothing.
//! 2. **The page that asks** (`origin`): `Sec-Fetch-Site` and `Origin` of everything that changes something, and of the stream
//!    of events; a page of another origin gets nothing, cookies or not.
//! 3. **The person** (`session`): a cookie that was given for the one-time link of this start, or for the password.

mod devices;
mod login_throttle;
mod origin;
mod password;
mod session;

pub use devices::{DEVICE_SECONDS, Device, Devices};
pub use login_throttle::{ClientAddress, LoginClient, Tries};
pub use origin::{AllowedHosts, Asker, InvalidOrigin, OriginRefusal};
pub use password::{MIN_PASSWORD_CHARS, Password, PasswordError, ShortToken, check_metrics_token};
pub use session::{LINK_SECONDS, NoRandom, RandomToken, Session, Sessions, same};
