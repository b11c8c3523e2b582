//! Who is where: the answer must not become slower as the history grows longer.
//!
//! Passages go through staff tracking's own recording into its own store on the disk, and questions
//! to the same store, as its routes ask them. The history of ten thousand passages is the
//! reference; both are asked in turns. Filling the long one over HTTP was rejected: it would take
//! hours and show nothing more.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use chiron_chassis::TestHands;
use jiff::{SignedDuration, Timestamp};
use staff_tracking::infrastructure::store::{DocumentStore, Scope};
use staff_tracking_domain::entity::{Movement, Passage, ProfessionalId, RoomId};
use staff_tracking_domain::usecase::{inside_at, record_movements};

use crate::results::{Line, Target, median, number, say};
use crate::surroundings::{close, surroundings};

/// Professionals of the block, half of whom are inside.
const PROFESSIONALS: usize = 60;
const ROOMS: usize = 12;
/// Passages that are recorded together.
const BATCH: usize = 10_000;
/// The longest that filling may be expected to take.
const FILLING: Duration = Duration::from_mins(20);
/// Questions of a kind in one turn.
const QUESTIONS: usize = 20;

/// What is asked.
#[derive(Clone, Copy)]
enum Question {
    /// Who is in the block.
    Block,
    /// Who is in a room.
    Room,
    /// Where somebody is.
    Professional,
    /// Who was in the block at an instant in the past.
    Then,
}

impl Question {
    const ALL: [Self; 4] = [Self::Block, Self::Room, Self::Professional, Self::Then];

    fn name(self) -> &'static str {
        match self {
            Self::Block => "in the block",
            Self::Room => "in a room",
            Self::Professional => "one professional",
            Self::Then => "in the block at a past instant",
        }
    }
}

/// Compares a short history with the longest that can be filled in time.
pub(crate) fn measure(folder: &Path, smoke: bool) -> Result<Vec<Line>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (short, longer, rounds): (_, &[usize], _) =
        if smoke { (100, &[1_000], 1) } else { (10_000, &[1_000_000, 10_000_000], 15) };
    let line = runtime.block_on(compare(folder, short, longer, rounds))?;
    say(&line.to_string());
    Ok(vec![line])
}

async fn compare(folder: &Path, short: usize, longer: &[usize], rounds: usize) -> Result<Line> {
    let mut before = History::open(&folder.join("staff-short"))?;
    let mut after = History::open(&folder.join("staff-long"))?;
    before.grow(short).await?;
    let mut note = String::new();
    let begun = Instant::now();
    for passages in longer {
        let expected = begun.elapsed().mul_f64(number(*passages) / number(after.passages.max(1)));
        if 0 < after.passages && FILLING < expected {
            note = format!("; filling {passages} would have taken {:.0} s", expected.as_secs_f64());
            break;
        }
        after.grow(*passages).await?;
    }
    note =
        format!("filled at {:.0}/s{note}", number(after.passages) / begun.elapsed().as_secs_f64());

    let mut worst: f64 = 0.0;
    let mut each = Vec::new();
    for question in Question::ALL {
        let (mut short_ms, mut long_ms) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            // Who begins takes turns.
            let (short, long) = if round % 2 == 0 {
                let short = before.ask(question).await?;
                (short, after.ask(question).await?)
            } else {
                let long = after.ask(question).await?;
                (before.ask(question).await?, long)
            };
            // The first round meets cold pages and is not counted.
            if 0 < round {
                short_ms.push(short);
                long_ms.push(long);
            }
        }
        let (short, long) = (median(short_ms), median(long_ms));
        worst = worst.max(long / short);
        each.push(format!("{} {short:.3} → {long:.3}", question.name()));
    }
    let what =
        format!("who is where, 10^{} to 10^{} passages", power(short), power(after.passages));
    let measured = format!("ms: {}; {note}", each.join(", "));
    before.close().await;
    after.close().await;
    Ok(Line { what, measured, value: worst, unit: "×", target: Target::AtMost(2.0) })
}

fn power(passages: usize) -> u32 {
    passages.checked_ilog10().unwrap_or(0)
}

/// A history in a store of its own.
struct History {
    runtime: chiron_chassis::Runtime,
    hands: TestHands,
    store: DocumentStore,
    passages: usize,
    begins: Timestamp,
}

impl History {
    fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir(folder)?;
        let (runtime, hands) =
            surroundings(staff_tracking::NAME, staff_tracking::COLLECTIONS, folder)?;
        let store = DocumentStore::new(&runtime.store);
        Ok(Self { runtime, hands, store, passages: 0, begins: "2026-01-01T00:00:00Z".parse()? })
    }

    /// Records passages until there are so many.
    async fn grow(&mut self, passages: usize) -> Result<()> {
        while self.passages < passages {
            let end = passages.min(self.passages + BATCH);
            let batch: Vec<_> =
                (self.passages..end).map(|number| self.passage(number)).collect::<Result<_>>()?;
            record_movements(&self.store, &batch).await?;
            self.passages = end;
        }
        Ok(())
    }

    /// One a second. Everybody goes into a room and out of it again, half of them while the others
    /// do the opposite.
    fn passage(&self, number: usize) -> Result<Movement> {
        let (who, turn) = (number % PROFESSIONALS, number / PROFESSIONALS);
        let doors = turn + who % 2;
        let passage = if doors.is_multiple_of(2) { Passage::Entered } else { Passage::Left };
        let room = (who + doors / 2) % ROOMS;
        Ok(Movement {
            at: self.at(number)?,
            passage,
            professional: professional(who)?,
            room: format!("room-{room}").parse()?,
        })
    }

    fn at(&self, number: usize) -> Result<Timestamp> {
        Ok(self.begins.checked_add(SignedDuration::from_secs(i64::try_from(number)?))?)
    }

    /// Asks so often in turn, and says how many milliseconds one answer took.
    async fn ask(&self, question: Question) -> Result<f64> {
        let middle = self.at(self.passages / 2)?;
        let begun = Instant::now();
        let mut found = 0;
        for number in 0..QUESTIONS {
            let room: RoomId = format!("room-{}", number % ROOMS).parse()?;
            let stays = match question {
                Question::Block => self.store.inside_now(&Scope::Block).await?,
                Question::Room => self.store.inside_now(&Scope::Room(room)).await?,
                Question::Professional => {
                    let who = professional(number % PROFESSIONALS)?;
                    self.store.inside_now(&Scope::Professional(who)).await?
                }
                Question::Then => inside_at(&self.store, middle).await?,
            };
            found += stays.len();
        }
        let took = begun.elapsed();
        if found == 0 {
            bail!("nobody is {}", question.name());
        }
        Ok(took.as_secs_f64() * 1_000.0 / number(QUESTIONS))
    }

    async fn close(self) {
        self.hands.shut_down();
        close(self.runtime).await;
    }
}

fn professional(number: usize) -> Result<ProfessionalId> {
    Ok(format!("hp-{number}").parse()?)
}
