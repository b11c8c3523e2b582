//! Stands between a store and its server, and cuts connections where it hurts most.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server has done it, and the answer is lost.
    Answer,
    /// The server never hears of it.
    Request,
}

struct Armed {
    command: std::sync::Mutex<(Cut, &'static str)>,
    /// How many more are cut.
    left: AtomicI64,
}

/// Forwards to a server.
pub(crate) struct Proxy {
    armed: Arc<Armed>,
    port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Before the server of this connection string.
    #[expect(clippy::disallowed_methods, reason = "a test's own task")]
    pub(crate) async fn before(uri: &str) -> Proxy {
        let server = uri.strip_prefix("mongodb://").unwrap().split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let armed = Arc::new(Armed {
            command: std::sync::Mutex::new((Cut::Answer, "none")),
            left: AtomicI64::new(0),
        });
        let shared = Arc::clone(&armed);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (server, armed) = (server.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    // A connection that ends is what this is for.
                    let _ = forward(client, &server, &armed).await;
                });
            }
        });
        Proxy { armed, port, task }
    }

    pub(crate) fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }

    /// Cuts the next so many connections on which this command is sent.
    pub(crate) fn cut(&self, cut: Cut, command: &'static str, times: i64) {
        *self.armed.command.lock().unwrap() = (cut, command);
        self.armed.left.store(times, Ordering::SeqCst);
    }

    /// How many cuts are still to come.
    pub(crate) fn left(&self) -> i64 {
        self.armed.left.load(Ordering::SeqCst).max(0)
    }
}

async fn message(from: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0_u8; 4];
    from.read_exact(&mut length).await?;
    // The length counts itself.
    let rest = usize::try_from(u32::from_le_bytes(length)).unwrap() - length.len();
    let mut message = vec![0; rest];
    from.read_exact(&mut message).await?;
    message.splice(..0, length);
    Ok(message)
}

async fn forward(mut client: TcpStream, server: &str, armed: &Armed) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    loop {
        let request = message(&mut client).await?;
        let (cut, command) = *armed.command.lock().unwrap();
        // The command's name is the first member of the body, and of type text.
        let named = [b"\x02", command.as_bytes(), b"\x00"].concat();
        let hit = request.windows(named.len()).any(|window| window == named)
            && 0 < armed.left.fetch_sub(1, Ordering::SeqCst);
        if hit && cut == Cut::Request {
            return Ok(());
        }
        server.write_all(&request).await?;
        let answer = message(&mut server).await?;
        if hit {
            return Ok(());
        }
        client.write_all(&answer).await?;
    }
}
