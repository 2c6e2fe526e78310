//! A list of the shelf is read on a thread of its own, to its end or to why not.

use std::sync::Arc;

use crate::app::saved_list::{ListSource, SaveDeps, SavedListInfo, save_export, save_list};
use crate::engine::shutdown;
use crate::error::CommandError;
use crate::text::LocalClock;
use crate::web::background;
use crate::web::problem::Problem;
use crate::web::state::Web;
use crate::web::uploads::Received;

/// Begins to read a list of the shelf, or goes on with it. `export`: the file it is taken out of, which is removed then.
pub(super) fn begin(
    web: &Arc<Web>,
    (id, info): (u64, SavedListInfo),
    export: Option<Received>,
    actor: String,
) -> Result<(), Problem> {
    let (sender, receiver) = shutdown();
    web.lists.readings.begin(id, export.is_none().then_some(sender))?;
    let web = Arc::clone(web);
    let readings = web.lists.readings.clone();
    let begun = background::begin("list", move || async move {
        let (settings, local) = (web.settings(), LocalClock::from(web.zone.clone()));
        let with = SaveDeps { settings: &settings, clock: &web.clock, local: &local, shelf: &web.lists.shelf, actor };
        let heard = {
            let (readings, web) = (web.lists.readings.clone(), Arc::clone(&web));
            Arc::new(move |event| {
                readings.hear(id, event);
                web.note_change();
            })
        };
        let read = match &export {
            Some(export) => save_export(&with, (id, &info), export.path()).await,
            None => save_list(&with, (id, &info), heard, receiver).await,
        };
        if let Err(error) = read {
            let place = export.as_ref().map_or_else(String::new, |export| export.path().display().to_string());
            keep_failure(&with, (id, info), &place, &error);
        }
        web.lists.readings.end(id, None);
        web.note_change();
    });
    begun.map_err(|error| {
        readings.end(id, None);
        error.into()
    })
}

/// Why there are no rows is kept with the list, for whoever looks later. The place of an export means nothing to whoever has sent it.
fn keep_failure(with: &SaveDeps<'_>, (id, info): (u64, SavedListInfo), place: &str, error: &CommandError) {
    let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!(": {hint}"));
    let told = format!("{}{hint}", error.message);
    let told = match &info.source {
        ListSource::Export(shown) if !place.is_empty() => told.replace(place, shown),
        ListSource::Export(_) | ListSource::Account(_) => told,
    };
    let stopped = SavedListInfo { stopped: Some(told), ..info };
    if let Err(error) = with.shelf.set_info(id, &stopped) {
        tracing::error!(%error, "a list could not be read, and why could not be kept");
    }
}
