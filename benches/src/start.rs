//! The binary from outside: how soon it is ready, and what it costs to have it running.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chiron_chassis::Service;

use crate::machine::field;
use crate::results::{Line, Target, median, say};

/// Where nobody listens who is at work on this machine.
pub(crate) const PORT_OFFSET: u16 = 21_000;

/// Longer than anything that could still be called a start, or a stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures starts on a new folder and on an existing one, and memory.
pub(crate) fn measure(binary: &Path, folder: &Path, smoke: bool) -> Result<Vec<Line>> {
    let (runs, idle) = if smoke { (1, 1) } else { (5, 10) };
    let (mut first, mut second, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        let data = folder.join(format!("data-{run}"));
        for ready_ms in [&mut first, &mut second] {
            let hospital = Hospital::start(binary, &data)?;
            ready_ms.push(hospital.ready_after.as_secs_f64() * 1_000.0);
            // Waiting costs time, so not in every run.
            if run == 0 {
                std::thread::sleep(Duration::from_secs(idle));
                memory.push(hospital.resident_mb()?);
            }
            hospital.stop()?;
        }
    }
    let start = |what: &str, times: Vec<f64>| {
        let (worst, count) = (times.iter().copied().fold(0.0, f64::max), times.len());
        Line {
            what: format!("`chiron up` ready, {what}"),
            measured: format!("median of {count} starts, the slowest {worst:.0} ms"),
            value: median(times) / 1_000.0,
            unit: " s",
            target: Target::AtMost(1.0),
        }
    };
    let each = memory.iter().map(|mb| format!("{mb:.0} MB")).collect::<Vec<_>>().join(" and ");
    let lines = vec![
        start("new data folder", first),
        start("existing data folder", second),
        Line {
            what: "`chiron up --no-simulation` idle memory".to_owned(),
            measured: format!("{each}, {idle} s after the first and the second start"),
            value: memory.iter().copied().fold(0.0, f64::max),
            unit: " MB",
            target: Target::AtMost(150.0),
        },
    ];
    for line in &lines {
        say(&line.to_string());
    }
    Ok(lines)
}

/// A running `chiron up`. Killed when it is dropped.
pub(crate) struct Hospital {
    process: Child,
    errors: PathBuf,
    ready_after: Duration,
}

impl Hospital {
    /// Starts it and waits until every listener says that it is ready.
    pub(crate) fn start(binary: &Path, data: &Path) -> Result<Self> {
        if !binary.exists() {
            bail!("there is no {}; build it, or name another with --binary", binary.display());
        }
        let errors = data.with_extension("log");
        let taken = ports().find(|port| TcpStream::connect(address(*port)).is_ok());
        if let Some(port) = taken {
            bail!("somebody listens on {port} already");
        }
        let begun = Instant::now();
        let process = Command::new(binary)
            .arg("--data")
            .arg(data)
            .args(["--port-offset", &PORT_OFFSET.to_string(), "up", "--no-simulation"])
            // The settings are the defaults: none of the environment or of this folder.
            .current_dir(data.parent().context("the data folder has no parent")?)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&errors)?)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let mut hospital = Self { process, errors, ready_after: Duration::ZERO };
        for port in ports() {
            while !is_ready(port) {
                if let Some(status) = hospital.process.try_wait()? {
                    bail!("{} ended with {status}: {}", binary.display(), hospital.said());
                }
                if PATIENCE < begun.elapsed() {
                    bail!("port {port} was not ready in {PATIENCE:?}: {}", hospital.said());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        hospital.ready_after = begun.elapsed();
        Ok(hospital)
    }

    /// Resident memory, in 10^6 bytes.
    fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kib: f64 = field(&status, "VmRSS")
            .and_then(|text| text.split_whitespace().next()?.parse().ok())
            .context("the process has no VmRSS")?;
        Ok(kib * 1_024.0 / 1_000_000.0)
    }

    /// Asks it to end, as an operator does.
    pub(crate) fn stop(mut self) -> Result<()> {
        let asked =
            Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        if !asked.success() {
            bail!("it could not be asked to end");
        }
        let begun = Instant::now();
        loop {
            match self.process.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("it ended with {status}: {}", self.said()),
                None if PATIENCE < begun.elapsed() => bail!("it did not end: {}", self.said()),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap_or_default()
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        // Both fail when it has ended, which is all that is wanted.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn ports() -> impl Iterator<Item = u16> {
    Service::ALL.iter().map(|service| service.default_port() + PORT_OFFSET)
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address(port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(
            b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}
