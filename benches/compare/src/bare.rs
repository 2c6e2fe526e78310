//! A bare reqwest loop: N keep-alive requests, W at a time, no queue. `bare URL N W` prints requests a second.

use std::time::{Duration, Instant};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("bare URL N W")?;
    let requests: usize = args.next().ok_or("bare URL N W")?.parse()?;
    let workers: usize = args.next().ok_or("bare URL N W")?.parse()?;
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(workers)
        .build()?;
    let began = Instant::now();
    let tasks: Vec<_> = (0..workers)
        .map(|worker| {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move {
                let mut good = 0_usize;
                for n in (worker..requests).step_by(workers) {
                    let sent = client
                        .delete(format!("{url}/2/users/77/following/{n}"))
                        .header("authorization", "Bearer pretend")
                        .timeout(Duration::from_secs(30))
                        .send()
                        .await;
                    if let Ok(answer) = sent
                        && answer.status() == 200
                        && answer.bytes().await.is_ok()
                    {
                        good += 1;
                    }
                }
                good
            })
        })
        .collect();
    let mut good = 0;
    for task in tasks {
        good += task.await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{good} {seconds:.3} {:.0}", good as f64 / seconds);
    Ok(())
}
