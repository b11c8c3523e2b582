//! Servers that speak `MongoDB`'s protocol, on loopback and in folders of their own; and a real one
//! when its address is given.
//!
//! `MongoDB` itself is in no registry that tests may fetch from. Two servers that know nothing of
//! each other stand in: NX-27017 from `PyPI`, on `SQLite` files, which survives being killed; and
//! mongo-java-server from Maven, on an `H2` file, which is stricter about the language and loses its
//! last second when killed.
//!
//! Needs `CHIRON_TEST_PYTHON`: the `python` of a virtual environment that has `nx-27017`;
//! `CHIRON_TEST_MONGO_JAVA`: a folder with the jars of this crate's `mongo/pom.xml`, and a JDK on the
//! path; and takes `CHIRON_TEST_MONGODB_URL`: the connection string of a `MongoDB` in which databases
//! may be made and dropped.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::tools;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that can be started.
#[derive(Debug, Clone)]
pub enum Kind {
    /// NX-27017; the virtual environment's `python`.
    Nx(PathBuf),
    /// mongo-java-server; the folder of jars.
    Java(PathBuf),
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Mongo {
    kind: Kind,
    folder: PathBuf,
    port: u16,
    server: Option<Child>,
}

/// NX-27017, or `None` when the environment names none and tests may be skipped.
///
/// # Panics
/// When nothing may be skipped.
#[must_use]
pub fn nx() -> Option<Kind> {
    tools::named("CHIRON_TEST_PYTHON", "a Python with nx-27017").map(Kind::Nx)
}

/// mongo-java-server, or `None` when the environment names none and tests may be skipped.
///
/// # Panics
/// When nothing may be skipped.
#[must_use]
pub fn java() -> Option<Kind> {
    tools::named("CHIRON_TEST_MONGO_JAVA", "a folder with the jars of mongo-java-server")
        .map(Kind::Java)
}

/// The connection string of a real `MongoDB`. Nothing requires that there is one.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the server is the machine's affair")]
#[expect(clippy::print_stderr, reason = "what is not tried is said")]
pub fn real() -> Option<String> {
    let uri = std::env::var("CHIRON_TEST_MONGODB_URL").ok();
    if uri.is_none() {
        eprintln!("no real MongoDB: CHIRON_TEST_MONGODB_URL is not set");
    }
    uri
}

impl Mongo {
    /// Starts a server that keeps what it has within `folder`.
    ///
    /// # Errors
    /// It does not start, or does not answer within a minute.
    pub fn start(kind: &Kind, folder: &Path) -> io::Result<Self> {
        let folder = folder.join("mongo");
        fs::create_dir_all(folder.join("data"))?;
        if let Kind::Java(jars) = kind {
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/mongo/Server.java");
            let compiled = Command::new("javac")
                .args(["-encoding", "UTF-8", "-cp"])
                .arg(jars.join("*"))
                .arg("-d")
                .arg(&folder)
                .arg(source)
                .output()?;
            if !compiled.status.success() {
                return Err(io::Error::other(
                    String::from_utf8_lossy(&compiled.stderr).into_owned(),
                ));
            }
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut mongo = Self { kind: kind.clone(), folder, port, server: None };
        mongo.run()?;
        Ok(mongo)
    }

    /// Starts the server again after [`Mongo::kill`], on the same port and folder.
    ///
    /// # Errors
    /// It does not start, or does not answer within a minute.
    pub fn run(&mut self) -> io::Result<()> {
        let log = fs::File::create(self.folder.join("server.log"))?;
        let mut command = self.command();
        // A killed one leaves it behind, and then does not start.
        let _ = fs::remove_file(self.folder.join("pid"));
        let server = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        self.server = Some(server);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = match &mut self.server {
                Some(server) => server.try_wait()?.is_some(),
                None => true,
            };
            if ended || deadline < Instant::now() {
                let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                return Err(io::Error::other(format!("the server does not answer:\n{log}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn command(&self) -> Command {
        match &self.kind {
            Kind::Nx(python) => {
                let mut command = Command::new(python.with_file_name("nx-27017"));
                command
                    .arg("--data-dir")
                    .arg(self.folder.join("data"))
                    .arg("--pid-file")
                    .arg(self.folder.join("pid"))
                    .arg("--log-file")
                    .arg(self.folder.join("log"))
                    .args(["-p", &self.port.to_string()]);
                command
            }
            Kind::Java(jars) => {
                let path = format!("{}:{}", self.folder.display(), jars.join("*").display());
                let mut command = Command::new("java");
                command
                    .args(["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", &path])
                    .args(["Server", &self.port.to_string()])
                    .arg(self.folder.join("data/h2"));
                command
            }
        }
    }

    /// Ends the server as `kill -9` does.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut server) = self.server.take() {
            server.kill()?;
            server.wait()?;
        }
        Ok(())
    }

    /// Its process, when it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Where clients find it.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }
}

impl Drop for Mongo {
    fn drop(&mut self) {
        if let Err(err) = self.kill() {
            panic!("the server was not stopped: {err}");
        }
    }
}
