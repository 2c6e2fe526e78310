//! Which address is what.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::problem::Problem;
use super::state::Web;
use super::{
    account_deeds, actions, api, auth_routes, connect, events, job_deeds, lists, metrics, middleware, mount, reports,
    row_views, schedule_forms, schedules, uploads, views,
};

/// Assets change only with the program, whose version is in their address.
const ASSETS_ARE_KEPT: &str = "private, max-age=86400";

/// Every address of the dashboard, guarded, under its root. Outside of the root there are `/login`, `/assets`, `/metrics` and
/// `/healthz`, and nothing that tells the root.
pub fn router(web: Arc<Web>) -> Router {
    // Around the routes, because it changes the address that chooses one.
    let mounted = from_fn_with_state(Arc::clone(&web), mount::mount);
    Router::new().fallback_service(routes(web)).layer(mounted)
}

fn routes(web: Arc<Web>) -> Router {
    Router::new()
        .route("/", get(views::now))
        .route("/jobs", get(views::jobs))
        .route("/jobs/{job}", get(views::job))
        .route("/jobs/{job}/rows", get(row_views::rows))
        .route("/jobs/{job}/rows/{task}", get(row_views::row))
        .route("/jobs/{job}/report.csv", get(reports::csv))
        .route("/jobs/{job}/pause", post(actions::pause))
        .route("/jobs/{job}/unpause", post(actions::unpause))
        .route("/jobs/{job}/accept-repeats", post(actions::accept_repeats))
        .route("/jobs/{job}/cancel", get(views::cancel).post(actions::cancel))
        .route("/jobs/{job}/retry", post(actions::retry))
        .route("/jobs/{job}/verify", get(job_deeds::verification).post(job_deeds::verify))
        .route("/jobs/{job}/requeue", post(job_deeds::requeue))
        .route("/jobs/{job}/by-hand", get(job_deeds::by_hand).post(job_deeds::tick_by_hand))
        .route("/jobs/{job}/undo", get(job_deeds::undo))
        .route("/jobs/{job}/undo.csv", get(job_deeds::undo_list))
        .route("/jobs/{job}/restore", post(job_deeds::restore))
        .route("/jobs/{job}/forget", get(job_deeds::ask_to_forget).post(job_deeds::forget))
        .route("/jobs/{job}/rows/{task}/retry", post(actions::retry_row))
        .route("/new", get(uploads::new).post(uploads::receive).layer(DefaultBodyLimit::max(uploads::MAX_BODY_BYTES)))
        .route("/new/{upload}", get(uploads::show).post(uploads::confirm))
        .route("/new/{upload}/choices", post(uploads::choose_again))
        .route("/new/{upload}/drop", post(uploads::discard))
        .route("/lists", get(lists::lists))
        .route("/lists/new", get(lists::offer).post(lists::start))
        .route(middleware::EXPORTS, post(lists::read_export).layer(DefaultBodyLimit::max(lists::MAX_EXPORT_BODY_BYTES)))
        .route("/lists/{list}", get(lists::show))
        .route("/lists/{list}/ticks", post(lists::tick))
        .route("/lists/{list}/names", post(lists::set_names))
        .route("/lists/{list}/job", get(lists::ask_for_job).post(lists::make_job))
        .route("/lists/{list}/stop", post(lists::stop))
        .route("/lists/{list}/resume", post(lists::resume))
        .route("/lists/{list}/remove", get(lists::ask_to_remove).post(lists::remove))
        .route("/schedules", get(schedules::schedules))
        .route("/schedules/new", get(schedule_forms::new).post(schedule_forms::submit))
        .route("/schedules/edit", get(schedule_forms::edit))
        .route("/schedules/run", post(schedules::run_now))
        .route("/schedules/skip", post(schedules::skip))
        .route("/schedules/unskip", post(schedules::unskip))
        .route("/schedules/remove", get(schedules::ask_to_remove).post(schedules::remove))
        .route("/accounts", get(views::accounts))
        .route("/accounts/connect", get(connect::ways).post(connect::connect))
        .route("/accounts/connect/{login}", get(connect::show).post(connect::answer))
        .route("/accounts/{account}", get(account_deeds::account))
        .route("/accounts/{account}/check", post(account_deeds::check))
        .route("/accounts/{account}/default", post(account_deeds::make_default))
        .route("/accounts/{account}/logout", get(account_deeds::ask_to_log_out).post(account_deeds::log_out_of))
        .route("/accounts/{account}/remove", get(account_deeds::ask_to_remove).post(account_deeds::remove))
        .route("/log", get(views::log))
        .route("/engine/wake", post(actions::wake))
        .route("/login", get(auth_routes::arrive).post(auth_routes::log_in))
        .route("/logout", post(auth_routes::log_out))
        .route("/theme", post(auth_routes::choose_theme))
        .route("/events", get(events::stream))
        .route("/metrics", get(metrics::scrape))
        .route(middleware::HEALTH, get(|| async { "ok\n" }))
        .route("/api/status", get(api::status))
        .route("/api/jobs/{name}", get(api::job))
        .route("/api/jobs/{name}/report", get(reports::json))
        .route("/api/accounts", get(api::accounts))
        .route("/api/schedules", get(api::schedules))
        .route("/assets/style.css", get(style))
        .route("/assets/live.js", get(script))
        .route("/assets/icon.svg", get(icon))
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(middleware::MAX_FORM_BYTES))
        .layer(from_fn_with_state(Arc::clone(&web), middleware::protect))
        .with_state(web)
}

async fn nothing_here() -> (StatusCode, Problem) {
    (StatusCode::NOT_FOUND, Problem::not_found("There is no page at this address."))
}

async fn style() -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, ASSETS_ARE_KEPT)], include_str!("assets/style.css"))
}

async fn script() -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, ASSETS_ARE_KEPT)], include_str!("assets/live.js"))
}

async fn icon() -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, "image/svg+xml");
    ([kind, (header::CACHE_CONTROL, ASSETS_ARE_KEPT)], include_str!("assets/icon.svg"))
}
