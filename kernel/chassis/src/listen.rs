//! Connections of HTTP clients: how many there may be, and how long they may take for what.
//!
//! A connection costs a file descriptor, of which a process has few, and whoever opens one need not
//! say anything. So the whole process has a number of places. When all are taken, whoever was silent
//! for longest goes: ten thousand idle connections do not keep the next client out. A client that
//! begins a request has to come to the end of its head in time; one that takes nothing of its answer
//! ends, too.
//!
//! HTTP/1.1 only, which is what everything here speaks: what is not offered cannot be misused.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use axum::http::Request;
use chiron_clock::{Shutdown, Tasks};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tower::ServiceExt as _;

use crate::metrics;

/// How long a client may take from the end of one answer to the end of the next request's head;
/// longer than our own clients keep a connection that they do not use.
const HEAD_WITHIN: Duration = Duration::from_secs(40);
/// How long nothing at all may move; longer than a request may take, and than a stream is silent.
const STILL_AT_MOST: Duration = Duration::from_secs(75);
/// The longest head, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// Pause after the system refused a connection, such as for lack of descriptors.
const BREATHER: Duration = Duration::from_millis(100);

/// The places for connections of one process. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Places>);

#[derive(Debug)]
struct Places {
    most: usize,
    next: AtomicU64,
    began: Instant,
    taken: Mutex<HashMap<u64, Arc<Place>>>,
}

/// One connection.
#[derive(Debug)]
struct Place {
    number: u64,
    of: Arc<Places>,
    /// When a byte moved last, in milliseconds since the places were made.
    moved: AtomicU64,
    ends: AtomicBool,
    told: Notify,
}

impl Connections {
    /// As many places as this, at least one.
    #[must_use]
    pub fn at_most(most: usize) -> Self {
        Self(Arc::new(Places {
            most: most.max(1),
            next: AtomicU64::new(0),
            began: Instant::now(),
            taken: Mutex::default(),
        }))
    }

    /// Half of the files that this process may have open (`getrlimit(2)`, `RLIMIT_NOFILE`): the
    /// other half is for databases, and for calls to other services.
    #[must_use]
    pub fn of_this_process() -> Self {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        Self::at_most(open_files(&limits).unwrap_or(OPEN_FILES) / 2)
    }

    /// How many are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.taken().len()
    }

    /// A place, if need be that of the connection in which nothing has moved for longest.
    fn take(&self) -> Taken {
        let places = &self.0;
        let place = Arc::new(Place {
            number: places.next.fetch_add(1, Ordering::Relaxed),
            of: Arc::clone(places),
            moved: AtomicU64::new(places.now()),
            ends: AtomicBool::new(false),
            told: Notify::new(),
        });
        let mut taken = places.taken();
        if places.most <= taken.len() {
            let stillest = taken.values().min_by_key(|place| place.moved.load(Ordering::Relaxed));
            if let Some(number) = stillest.map(|place| place.number)
                && let Some(place) = taken.remove(&number)
            {
                place.ends.store(true, Ordering::Release);
                place.told.notify_one();
                ::metrics::counter!(metrics::CONNECTIONS_SHED).increment(1);
            }
        }
        taken.insert(place.number, Arc::clone(&place));
        Taken(place)
    }
}

/// What a system allows that does not say what it allows.
const OPEN_FILES: usize = 1024;

/// The soft limit of open files in the form of `/proc/self/limits` (`proc_pid_limits(5)`).
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::from(u16::MAX)),
        number => number.parse().ok(),
    }
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, HashMap<u64, Arc<Place>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Place {
    fn moves(&self) {
        self.moved.store(self.of.now(), Ordering::Relaxed);
    }

    fn ends(&self) -> bool {
        self.ends.load(Ordering::Acquire)
    }

    /// Resolves when the place is needed by another, or nothing has moved for too long.
    async fn over(&self) {
        loop {
            let moved = self.moved.load(Ordering::Relaxed);
            let until = self.of.began + Duration::from_millis(moved) + STILL_AT_MOST;
            tokio::select! {
                () = self.told.notified() => return,
                () = sleep_until(until) => {
                    if moved == self.moved.load(Ordering::Relaxed) {
                        return;
                    }
                }
            }
        }
    }
}

/// A place until it is dropped.
#[derive(Debug)]
struct Taken(Arc<Place>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.of.taken().remove(&self.0.number);
    }
}

/// A stream that notes when a byte moves, and keeps its place also when a `WebSocket` takes it over.
struct Watched {
    stream: TcpStream,
    taken: Taken,
}

impl Watched {
    fn noted<T>(&self, moved: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if self.taken.0.ends() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if matches!(moved, Poll::Ready(Ok(_))) {
            self.taken.0.moves();
        }
        moved
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let moved = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.noted(moved)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(moved)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(moved)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Serves until a shutdown is requested, then until the requests in flight have ended. When it is
/// dropped they go on as long as their runtime: whoever stops serving for a failure owes its last
/// clients an answer.
pub(crate) async fn listen(
    app: axum::Router,
    listener: TcpListener,
    places: Connections,
    shutdown: Shutdown,
) {
    let connections = Tasks::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.requested() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Small answers go out at once; a failure to say so costs speed and nothing else.
                if let Err(err) = stream.set_nodelay(true) {
                    tracing::debug!(error = %err, "socket option refused");
                }
                let stream = Watched { stream, taken: places.take() };
                let conversation = converse(app.clone(), stream, peer, shutdown.clone());
                connections.spawn("connection", conversation);
            }
            Err(err) => {
                tracing::warn!(error = %err, "a connection was not accepted");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    connections.join().await;
}

/// Serves one connection to its end.
async fn converse(app: axum::Router, stream: Watched, peer: SocketAddr, shutdown: Shutdown) {
    let place = Arc::clone(&stream.taken.0);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let app = app.clone();
        async move {
            match app.oneshot(request).await {
                Ok(response) => Ok::<_, Infallible>(response),
                Err(never) => match never {},
            }
        }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let mut over = std::pin::pin!(place.over());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = over.as_mut() => return,
        () = shutdown.requested() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = over => return,
            }
        }
    };
    if let Err(err) = ended {
        tracing::debug!(error = %err, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_read() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             95948                95948                processes \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files(&limits.replace("1024 ", "unlimited ")), Some(65_535));
        assert_eq!(open_files(""), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_in_which_nothing_moved_for_longest_goes() {
        let places = Connections::at_most(3);
        let pause = || tokio::time::advance(Duration::from_millis(10));
        let first = places.take();
        pause().await;
        let second = places.take();
        pause().await;
        let third = places.take();
        pause().await;
        first.0.moves();
        let fourth = places.take();
        let ends = [&first, &second, &third, &fourth].map(|taken| taken.0.ends());
        assert_eq!(ends, [false, true, false, false]);
        second.0.over().await;
        assert_eq!(places.taken(), 3);
        drop((first, second));
        assert_eq!(places.taken(), 2, "a place that was given away is not given back twice");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_still_for_too_long_goes() {
        let taken = Connections::at_most(3).take();
        let began = Instant::now();
        let moving = async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            taken.0.moves();
        };
        tokio::join!(moving, taken.0.over());
        assert_eq!(began.elapsed(), Duration::from_secs(30) + STILL_AT_MOST);
    }
}
