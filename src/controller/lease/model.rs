//! Never two leaders: candidates at random, over connections that are slow and lose answers, in processes that are
//! stopped and go on, with walls that are set. All clocks run at the same rate; that they may not is what the third of
//! the duration between `renew` and `duration` is for.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::elector::Ending;
use super::memory::{Memory, Mood};
use super::{Elector, Fence, Timings, Wall};
use crate::plan::Failure;

/// What happens to a candidate, and for how long.
#[derive(Debug, Clone)]
enum Fate {
    /// All is well.
    Lives,
    /// SIGSTOP: nothing is polled, clocks go on.
    Stops,
    /// The server neither does nor answers anything.
    Hangs,
    /// The server does everything and answers nothing.
    LosesAnswers,
    /// Requests and answers take so many milliseconds.
    Lags(u64, u64),
    /// The wall is set by so many seconds.
    Steps(i64),
    /// It stops in good order, and begins anew.
    Restarts,
}

fn fate() -> impl Strategy<Value = (Fate, u64)> {
    let kind = prop_oneof![
        2 => Just(Fate::Lives),
        3 => Just(Fate::Stops),
        2 => Just(Fate::Hangs),
        2 => Just(Fate::LosesAnswers),
        2 => (0_u64..6_000, 0_u64..6_000).prop_map(|(there, back)| Fate::Lags(there, back)),
        1 => (-40_i64..40).prop_map(Fate::Steps),
        1 => Just(Fate::Restarts),
    ];
    (kind, 100_u64..30_000)
}

#[derive(Default)]
struct Process {
    stopped_until: Option<Instant>,
    wall_ahead: i64,
}

/// Polls `work` only while the process is not stopped.
async fn in_process<T>(process: Arc<Mutex<Process>>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        let until = process.lock().unwrap().stopped_until;
        if let Some(until) = until.filter(|until| *until > Instant::now()) {
            sleep_until(until).await;
            continue;
        }
        let turn = std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if process.lock().unwrap().stopped_until > Some(Instant::now()) => {
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        });
        // While it is stopped nobody polls; a short nap is as good as a waker.
        if let Ok(Some(value)) = tokio::time::timeout(Duration::from_millis(50), turn).await {
            return value;
        }
    }
}

/// What stops a candidate, and what it runs on.
type Life = (oneshot::Sender<Ending>, JoinHandle<Result<(), Failure>>);

async fn live(
    server: Memory,
    number: usize,
    fates: Vec<(Fate, u64)>,
    fences: Arc<Mutex<Vec<Option<Fence>>>>,
) -> Life {
    let process = Arc::new(Mutex::new(Process::default()));
    let start = Instant::now();
    let clock = process.clone();
    let wall: Wall = Arc::new(move || {
        let ahead = clock.lock().unwrap().wall_ahead;
        UNIX_EPOCH + Duration::from_secs((1_000_000 + ahead).unsigned_abs()) + start.elapsed()
    });
    let store = server.another();
    let mut life = 0;
    let mut begin = || {
        life += 1;
        let elector = Elector::new(
            store.clone(),
            format!("{number}-{life}"),
            Timings::of(Duration::from_secs(15)),
            wall.clone(),
        );
        fences.lock().unwrap()[number] = Some(elector.fence().clone());
        let (stop, stopped) = oneshot::channel();
        (
            stop,
            tokio::spawn(in_process(process.clone(), elector.run(stopped))),
        )
    };
    let (mut stop, mut task) = begin();
    for (fate, millis) in fates {
        let span = Duration::from_millis(millis);
        let mut mood = Mood::default();
        match fate {
            Fate::Lives => {}
            Fate::Stops => process.lock().unwrap().stopped_until = Some(Instant::now() + span),
            Fate::Hangs => mood.hangs = true,
            Fate::LosesAnswers => mood.loses_answers = true,
            Fate::Lags(there, back) => {
                mood.there = Duration::from_millis(there);
                mood.back = Duration::from_millis(back);
            }
            Fate::Steps(by) => process.lock().unwrap().wall_ahead += by,
            Fate::Restarts => {
                let _ = stop.send(Ending::Release);
                let _ = task.await;
                (stop, task) = begin();
            }
        }
        store.set(|now| *now = mood);
        sleep(span).await;
    }
    store.set(|mood| *mood = Mood::default());
    (stop, task)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn there_are_never_two_leaders(
        candidates in prop::collection::vec(prop::collection::vec(fate(), 10), 2..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = Memory::default();
            let fences = Arc::new(Mutex::new(vec![None; candidates.len()]));
            let mut lives: Vec<_> = candidates
                .into_iter()
                .enumerate()
                .map(|(number, fates)| tokio::spawn(live(server.clone(), number, fates, fences.clone())))
                .collect();
            let watch = async {
                loop {
                    let open = fences.lock().unwrap().iter().flatten().filter(|fence| fence.holds()).count();
                    assert!(open <= 1, "{open} fences are open");
                    sleep(Duration::from_millis(37)).await;
                }
            };
            let all = futures::future::try_join_all(&mut lives);
            let all = async {
                let lives = all.await.unwrap();
                // Long enough for the last lease to end, and for the next one to begin.
                sleep(Duration::from_secs(60)).await;
                let leads = fences.lock().unwrap().iter().flatten().any(Fence::holds);
                assert!(leads, "when all is well again, somebody leads");
                drop(lives);
            };
            tokio::select! {
                () = all => {}
                () = watch => {}
            }
        });
    }
}
