//! A twin engine of its own on a free port of this machine, for trying clients on.
//!
//! Prints its address and a token that may do everything; ends when its standard input ends.
//! Nothing is kept.

#![expect(clippy::print_stdout, reason = "whoever started it reads address and token from here")]

use std::error::Error;

use chiron_chassis::Runtime;
use chiron_clock::Clock;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut runtime, hands) = Runtime::for_test(twin_engine::NAME, twin_engine::COLLECTIONS);
    runtime.clock = Clock::system();
    let settings = serde_json::from_value(serde_json::json!({
        "endpoints": [{"name": "hook", "url": "http://127.0.0.1:9/"}],
    }))?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    println!("{}", hands.token("standalone", &["admin"], &["twins:read", "twins:write"], true));
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    let serving = twin_engine::run(runtime, settings, listener);
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => served?,
        _ = ended => {
            hands.shut_down();
            serving.await?;
        }
    }
    Ok(())
}
