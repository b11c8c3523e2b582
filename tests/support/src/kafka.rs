//! A real Apache Kafka of one node, on loopback and in a folder of its own.
//!
//! Needs `CHIRON_TEST_KAFKA`: a folder with the jars of this crate's `kafka/pom.xml`; and a JDK's `java`
//! on the path.

use std::fmt::Write as _;
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

/// The account that a secured node knows, and its password.
pub const ACCOUNT: (&str, &str) = ("chiron", "kept-by-nobody");
/// Keeps the key of a node.
const KEEPER: &str = "changeit";

/// A running node; killed when dropped.
#[derive(Debug)]
pub struct Kafka {
    jars: PathBuf,
    folder: PathBuf,
    port: u16,
    /// The port where clients must encrypt and sign in.
    secured: Option<u16>,
    node: Option<Child>,
}

/// The folder of jars; `None` when the environment names none and tests may be skipped.
///
/// # Panics
///
/// When nothing may be skipped.
#[must_use]
pub fn jars() -> Option<PathBuf> {
    tools::named("CHIRON_TEST_KAFKA", "a folder with the jars of Apache Kafka")
}

impl Kafka {
    /// Formats a node's folder within `folder` and starts it.
    ///
    /// # Errors
    ///
    /// It does not start, or does not answer within a minute.
    pub fn start(jars: &Path, folder: &Path) -> io::Result<Self> {
        Self::new(jars, folder, None)
    }

    /// The same with a second port, for which clients need TLS and [`ACCOUNT`], by SASL's PLAIN
    /// or SCRAM-SHA-512, or by OAUTHBEARER a token of anybody that nobody has signed.
    ///
    /// # Errors
    ///
    /// As [`Kafka::start`].
    pub fn start_secured(jars: &Path, folder: &Path) -> io::Result<Self> {
        Self::new(jars, folder, Some(free_port()?))
    }

    fn new(jars: &Path, folder: &Path, secured: Option<u16>) -> io::Result<Self> {
        let folder = folder.join("kafka");
        fs::create_dir_all(&folder)?;
        let (port, controller) = (free_port()?, free_port()?);
        let mut kafka = Self { jars: jars.to_owned(), folder, port, secured, node: None };
        let mut settings = format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             controller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,\
             SASL_SSL:SASL_SSL\n\
             log.dirs={}\n\
             group.initial.rebalance.delay.ms=0\n\
             offsets.topic.num.partitions=6\n\
             offsets.topic.replication.factor=1\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             default.replication.factor=1\n\
             auto.create.topics.enable=false\n\
             log.cleaner.dedupe.buffer.size=2097152\n\
             broker.session.timeout.ms=6000\n\
             broker.heartbeat.interval.ms=500\n",
            kafka.folder.join("data").display()
        );
        let mut listeners = format!("PLAINTEXT://127.0.0.1:{port}");
        let mut accounts = Vec::new();
        if let Some(secured) = secured {
            kafka.make_key()?;
            write!(listeners, ",SASL_SSL://127.0.0.1:{secured}").map_err(io::Error::other)?;
            settings += &kafka.security();
            let (name, password) = ACCOUNT;
            accounts.push("--add-scram".to_owned());
            accounts.push(format!("SCRAM-SHA-512=[name={name},password={password}]"));
        }
        let controller = format!("CONTROLLER://127.0.0.1:{controller}");
        settings += &["listeners=", &listeners, ",", &controller, "\n"].concat();
        settings += &["advertised.listeners=", &listeners, "\n"].concat();
        fs::write(kafka.folder.join("server.properties"), settings)?;
        let properties = kafka.properties();
        let mut format = vec!["format", "-t", CLUSTER_ID, "-c", &properties];
        format.extend(accounts.iter().map(String::as_str));
        let formatted = kafka.tool("kafka.tools.StorageTool", &format)?;
        if !formatted.status.success() {
            let said = [formatted.stdout, formatted.stderr].concat();
            return Err(io::Error::other(String::from_utf8_lossy(&said).into_owned()));
        }
        kafka.run()?;
        Ok(kafka)
    }

    /// A key for 127.0.0.1, and its certificate for clients to trust.
    fn make_key(&self) -> io::Result<()> {
        let store = self.folder.join("node.p12");
        let keytool = |args: &[&str]| {
            let mut keytool = Command::new("keytool");
            keytool.args(args).args(["-alias", "node", "-storepass", KEEPER, "-keystore"]);
            let made = keytool.arg(&store).output()?;
            let said = || String::from_utf8_lossy(&made.stdout).into_owned();
            if made.status.success() { Ok(()) } else { Err(io::Error::other(said())) }
        };
        let names = ["-dname", "CN=127.0.0.1", "-ext", "SAN=IP:127.0.0.1", "-validity", "30"];
        let kind = ["-genkeypair", "-keyalg", "RSA", "-storetype", "PKCS12"];
        keytool(&[kind.as_slice(), &names].concat())?;
        let certificate = self.certificate().display().to_string();
        keytool(&["-exportcert", "-rfc", "-file", &certificate])
    }

    fn security(&self) -> String {
        let (name, password) = ACCOUNT;
        let modules = "org.apache.kafka.common.security";
        format!(
            "ssl.keystore.location={}\n\
             ssl.keystore.password={KEEPER}\n\
             ssl.key.password={KEEPER}\n\
             sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512,OAUTHBEARER\n\
             listener.name.sasl_ssl.plain.sasl.jaas.config={modules}.plain.PlainLoginModule \
             required user_{name}=\"{password}\";\n\
             listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={modules}.scram.\
             ScramLoginModule required;\n\
             listener.name.sasl_ssl.oauthbearer.sasl.jaas.config={modules}.oauthbearer.\
             OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"{name}\";\n",
            self.folder.join("node.p12").display()
        )
    }

    /// The certificate of a secured node.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("node.pem")
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

    /// Its process, when it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.node.as_ref().map(Child::id)
    }

    /// Where clients find it.
    #[must_use]
    pub fn servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where those find it that encrypt and sign in, if there are any.
    #[must_use]
    pub fn secured_servers(&self) -> Option<String> {
        self.secured.map(|port| format!("127.0.0.1:{port}"))
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
