//! On what it was measured.

use std::fmt;
use std::fs::{File, read_to_string};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::results::median;

/// The machine's facts, as far as Linux tells them.
pub(crate) struct Machine {
    date: String,
    processor: String,
    cores: usize,
    memory_gib: f64,
    kernel: String,
    file_system: String,
    fsync_ms: f64,
    load: String,
}

impl Machine {
    /// Looks at this machine and at the disk that holds `folder`.
    pub(crate) fn look(date: Option<&str>, folder: &Path) -> Result<Self> {
        let processors = read("/proc/cpuinfo")?;
        let memory_kib: f64 = field(&read("/proc/meminfo")?, "MemTotal")
            .and_then(|text| text.split_whitespace().next()?.parse().ok())
            .context("/proc/meminfo has no MemTotal")?;
        Ok(Self {
            date: match date {
                Some(date) => date.to_owned(),
                None => today()?,
            },
            processor: field(&processors, "model name").unwrap_or("unknown").to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory_kib / 1024.0 / 1024.0,
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            file_system: file_system(&read("/proc/mounts")?, folder),
            fsync_ms: fsync_ms(folder)?,
            load: read("/proc/loadavg")?.split_whitespace().next().unwrap_or_default().to_owned(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "- date: {}", self.date)?;
        writeln!(f, "- processor: {}, {} cores", self.processor, self.cores)?;
        writeln!(f, "- memory: {:.1} GiB", self.memory_gib)?;
        writeln!(f, "- kernel: Linux {}", self.kernel)?;
        writeln!(
            f,
            "- disk: {}, append of 4 KiB and `fdatasync` {:.2} ms",
            self.file_system, self.fsync_ms
        )?;
        writeln!(f, "- load at the beginning: {} (runnable tasks, of a minute)", self.load)
    }
}

fn read(path: &str) -> Result<String> {
    read_to_string(path).with_context(|| format!("reading {path}"))
}

/// The value of the first line `name : value`.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

/// The kind of file system that holds `folder`: that of the longest mount point above it.
fn file_system(mounts: &str, folder: &Path) -> String {
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (point, kind) = (words.next()?, words.next()?);
        folder.starts_with(point).then_some((point.len(), kind))
    });
    // The last of equals covers the others.
    mounted.max_by_key(|(length, _)| *length).map_or("unknown", |(_, kind)| kind).to_owned()
}

fn today() -> Result<String> {
    let answer = Command::new("date").arg("+%F").output().context("asking `date`")?;
    if !answer.status.success() {
        bail!("`date` failed; name the day with --date");
    }
    Ok(String::from_utf8(answer.stdout)?.trim().to_owned())
}

fn fsync_ms(folder: &Path) -> Result<f64> {
    let mut file = File::create(folder.join("fsync"))?;
    let mut times = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_facts_in_what_linux_says() {
        assert_eq!(field("MemTotal:  5 kB\nVmRSS:\t 7 kB\n", "VmRSS"), Some("7 kB"));
        assert_eq!(field("a: b", "c"), None);
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmpx xfs rw 0 0\n";
        for (folder, expected) in [("/tmp/a", "tmpfs"), ("/home", "ext4"), ("/tmpx", "xfs")] {
            assert_eq!(file_system(mounts, Path::new(folder)), expected);
        }
    }
}
