//! A real Apache Kafka of one node, on loopback and in a folder of its own.
//!
//! Needs `CHIRON_KAFKA`: a folder with the jars of this crate's `kafka/pom.xml`; and a JDK's `java`
//! on the path.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::tools;

/// Any will do; a node keeps it in its folder.
const CLUSTER_ID: &str = "Y2hpcm9uLXRlc3RzLWNoaQ";
/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running node; killed when dropped.
#[derive(Debug)]
pub struct Kafka {
    jars: PathBuf,
    folder: PathBuf,
    port: u16,
    node: Option<Child>,
}

/// The folder of jars; `None` when the environment names none and tests may be skipped.
///
/// # Panics
///
/// When nothing may be skipped.
#[must_use]
pub fn jars() -> Option<PathBuf> {
    tools::named("CHIRON_KAFKA", "a folder with the jars of Apache Kafka")
}

impl Kafka {
    /// Formats a node's folder within `folder` and starts it.
    ///
    /// # Errors
    /// It does not start, or does not answer within a minute.
    pub fn start(jars: &Path, folder: &Path) -> io::Result<Self> {
        let folder = folder.join("kafka");
        fs::create_dir_all(&folder)?;
        let (port, controller) = (free_port()?, free_port()?);
        let settings = format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             controller.listener.names=CONTROLLER\n\
             log.dirs={}\n\
             group.initial.rebalance.delay.ms=0\n\
             offsets.topic.num.partitions=6\n\
             offsets.topic.replication.factor=1\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             default.replication.factor=1\n\
             auto.create.topics.enable=false\n\
             log.cleaner.dedupe.buffer.size=2097152\n\
             broker.session.timeout.ms=3000\n\
             broker.heartbeat.interval.ms=500\n",
            folder.join("data").display()
        );
        fs::write(folder.join("server.properties"), settings)?;
        let mut kafka = Self { jars: jars.to_owned(), folder, port, node: None };
        let properties = kafka.properties();
        let formatted = kafka
            .tool("kafka.tools.StorageTool", &["format", "-t", CLUSTER_ID, "-c", &properties])?;
        if !formatted.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&formatted.stdout).into_owned()));
        }
        kafka.run()?;
        Ok(kafka)
    }

    /// Starts the node again after [`Kafka::kill`], on the same port and folder.
    ///
    /// # Errors
    /// It does not start, or does not answer within a minute.
    pub fn run(&mut self) -> io::Result<()> {
        let log = fs::File::create(self.folder.join("server.log"))?;
        let node = self
            .java()
            .arg("-Xmx512m")
            .arg("kafka.Kafka")
            .arg(self.properties())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.node = Some(node);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if deadline < Instant::now() {
                let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                return Err(io::Error::other(format!("Kafka does not answer:\n{log}")));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Ends the node as `kill -9` does.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut node) = self.node.take() {
            node.kill()?;
            node.wait()?;
        }
        Ok(())
    }

    /// Where clients find it.
    #[must_use]
    pub fn servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs one of Kafka's own tools to its end, with nothing to read.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn tool(&self, class: &str, args: &[&str]) -> io::Result<Output> {
        self.tool_reading(class, args, "")
    }

    /// The same with something to read.
    ///
    /// # Errors
    /// It cannot be started or does not read.
    pub fn tool_reading(&self, class: &str, args: &[&str], input: &str) -> io::Result<Output> {
        let mut tool = self
            .java()
            .arg(class)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = tool.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        tool.wait_with_output()
    }

    fn java(&self) -> Command {
        let mut java = Command::new("java");
        java.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]).arg(self.jars.join("*"));
        java
    }

    fn properties(&self) -> String {
        self.folder.join("server.properties").display().to_string()
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if let Err(err) = self.kill() {
            panic!("Kafka was not stopped: {err}");
        }
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
