//! The power is cut. What the real process wrote and synced is recorded, and laid down again as a disk may have it after a cut at any moment:
//! what no sync has covered is gone, or there in part, and the last write is torn. Then the real program goes on with that.

mod disk;
mod first_start;
mod recording;
mod refresh;
mod restore;
mod run;
mod upgrade;
