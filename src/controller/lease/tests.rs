use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, advance, sleep};

use super::memory::Memory;
use super::*;
use crate::cluster::{Claim, Lease, LeaseStore as _};
use crate::plan::FailureKind;

const FIFTEEN: Duration = Duration::from_secs(15);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn timings() -> Timings {
    Timings::of(FIFTEEN)
}

/// A wall clock that goes with tokio's, and can be set.
#[derive(Clone)]
struct Clock {
    start: Instant,
    ahead: Arc<AtomicI64>,
}

impl Clock {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            ahead: Arc::default(),
        }
    }

    fn wall(&self) -> Wall {
        let clock = self.clone();
        Arc::new(move || {
            let ahead = 1_000_000 + clock.ahead.load(Ordering::SeqCst);
            UNIX_EPOCH + Duration::from_secs(ahead.unsigned_abs()) + clock.start.elapsed()
        })
    }

    /// Sets it forward, or back.
    fn step(&self, by: i64) {
        self.ahead.fetch_add(by, Ordering::SeqCst);
    }
}

fn elect(store: &Memory, me: &str) -> Election {
    Elector::new(store.clone(), me.to_owned(), timings(), Clock::new().wall()).start()
}

fn claim(holder: &str) -> Claim {
    Claim {
        holder: holder.to_owned(),
        duration: FIFTEEN,
        acquired: UNIX_EPOCH,
        renewed: UNIX_EPOCH,
        transitions: 4,
    }
}

fn holder(store: &Memory) -> String {
    store.lease().unwrap().holder
}

fn leads(election: &Election) -> bool {
    let leading = *election.leadership().borrow() == Leadership::Leading;
    assert_eq!(leading, election.fence().holds());
    leading
}

/// Long enough for everything that needs no time.
async fn at_once() {
    sleep(Duration::from_millis(10)).await;
}

#[test]
fn the_proportions_are_those_of_client_go() {
    let Timings {
        duration,
        renew,
        retry,
        request,
    } = timings();
    assert_eq!(
        (duration, renew, retry, request),
        (seconds(15), seconds(10), seconds(2), seconds(5))
    );
}

#[tokio::test(start_paused = true)]
async fn every_case_of_a_step() {
    let since = Instant::now();
    let seen = |holder: &str, duration: Option<u64>, gone: bool| {
        let mut lease = Lease::of(&claim(holder), 1);
        lease.duration = duration.map(seconds);
        Some(Seen { lease, since, gone })
    };
    for (name, seen, after, expected) in [
        ("there is none", None, 0, Step::Create),
        ("ours", seen("me", Some(15), false), 0, Step::Renew),
        (
            "ours, long not renewed, and nobody took it",
            seen("me", Some(15), false),
            999,
            Step::Renew,
        ),
        ("ours, and deleted", seen("me", Some(15), true), 0, Step::Create),
        ("nobody's", seen("", Some(15), false), 0, Step::Take),
        ("nobody's, and deleted", seen("", Some(15), true), 0, Step::Create),
        (
            "another's, seen just now, whatever its times say",
            seen("you", Some(15), false),
            0,
            Step::Wait,
        ),
        (
            "another's, for almost its duration",
            seen("you", Some(15), false),
            14,
            Step::Wait,
        ),
        (
            "another's, for all its duration",
            seen("you", Some(15), false),
            15,
            Step::Take,
        ),
        (
            "another's, which holds for longer than we would",
            seen("you", Some(60), false),
            59,
            Step::Wait,
        ),
        (
            "the same, at its end",
            seen("you", Some(60), false),
            60,
            Step::Take,
        ),
        (
            "another's, which holds for less than we would",
            seen("you", Some(1), false),
            14,
            Step::Wait,
        ),
        ("an absurd one", seen("you", None, false), 14, Step::Wait),
        (
            "an absurd one, at the end of our own duration",
            seen("you", None, false),
            15,
            Step::Take,
        ),
        (
            "another's, and deleted: it does not know yet",
            seen("you", Some(15), true),
            14,
            Step::Wait,
        ),
        (
            "the same, at its end",
            seen("you", Some(15), true),
            15,
            Step::Create,
        ),
    ] {
        let now = since + seconds(after);
        assert_eq!(step("me", seen.as_ref(), now, &timings()), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_one_leads_the_second_follows_and_takes_over_after_a_release() {
    let store = Memory::default();
    let first = elect(&store, "first");
    at_once().await;
    let second = elect(&store, "second");
    sleep(seconds(60)).await;
    assert!(leads(&first) && !leads(&second));
    let following = Leadership::Following {
        holder: Some("first".to_owned()),
    };
    assert_eq!(*second.leadership().borrow(), following);
    assert_eq!(store.lease().unwrap().transitions, 0);
    let released = first.fence();
    first.release().await;
    assert!(!released.holds());
    assert_eq!(holder(&store), "");
    sleep(seconds(3)).await;
    assert!(leads(&second));
    assert_eq!(
        (holder(&store).as_str(), store.lease().unwrap().transitions),
        ("second", 1)
    );
}

#[tokio::test(start_paused = true)]
async fn leadership_changes_only_on_transitions() {
    let store = Memory::default();
    let election = elect(&store, "me");
    let mut leadership = election.leadership();
    leadership.changed().await.unwrap();
    assert_eq!(*leadership.borrow_and_update(), Leadership::Leading);
    sleep(seconds(600)).await;
    assert!(!leadership.has_changed().unwrap(), "300 renewals are no news");
    assert!(store.writes().len() > 250);
}

#[tokio::test(start_paused = true)]
async fn a_silent_leader_is_succeeded_after_a_lease_duration_by_our_own_clock() {
    let store = Memory::default();
    // Its own clock is an hour ahead: that must not matter.
    let mut ahead = claim("silent");
    ahead.renewed = UNIX_EPOCH + seconds(1_003_600);
    store.put(&ahead, |_| {});
    let election = elect(&store, "me");
    sleep(Duration::from_millis(14_900)).await;
    assert!(!leads(&election));
    sleep(Duration::from_millis(200)).await;
    assert!(leads(&election));
    assert_eq!(store.lease().unwrap().transitions, 5);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_lease_is_held_until_seen_unchanged_for_our_own_duration() {
    let store = Memory::default();
    store.put(&claim("{\"a\":1}"), |lease| {
        lease.duration = None;
        lease.renewed = None;
        lease.doubt = Some("its holder is no text".to_owned());
    });
    let election = elect(&store, "me");
    sleep(seconds(14)).await;
    assert!(!leads(&election));
    sleep(seconds(4)).await;
    assert!(leads(&election));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_closes_the_fence_at_the_deadline_without_being_asked() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    assert!(leads(&election));
    let renewed = Instant::now();
    store.set(|mood| mood.hangs = true);
    let mut leadership = election.leadership();
    leadership.mark_unchanged();
    leadership.changed().await.unwrap();
    assert_eq!(*leadership.borrow(), Leadership::Following { holder: None });
    let took = renewed.elapsed();
    assert!(
        took <= seconds(10) && took > Duration::from_millis(9_900),
        "{took:?}"
    );
    assert!(!election.fence().holds());
    store.set(|mood| mood.hangs = false);
    sleep(seconds(6)).await;
    assert!(leads(&election), "nobody took it, so it is ours again");
    assert_eq!(store.lease().unwrap().transitions, 0);
}

#[tokio::test(start_paused = true)]
async fn lost_answers_do_not_end_a_leadership_before_its_deadline_nor_begin_one() {
    let store = Memory::default();
    store.set(|mood| mood.loses_answers = true);
    let election = elect(&store, "me");
    sleep(seconds(20)).await;
    assert!(!leads(&election), "what was not answered did not happen");
    store.set(|mood| mood.loses_answers = false);
    sleep(seconds(10)).await;
    assert!(leads(&election));
    store.set(|mood| mood.loses_answers = true);
    sleep(seconds(7)).await;
    assert!(leads(&election));
    store.set(|mood| mood.loses_answers = false);
    sleep(seconds(30)).await;
    assert!(leads(&election));
}

#[tokio::test(start_paused = true)]
async fn a_leader_steps_down_as_soon_as_it_sees_another_holder() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    store.put(&claim("somebody"), |_| {});
    let fence = election.fence();
    let began = Instant::now();
    assert_eq!(fence.guard(std::future::pending::<()>()).await, None);
    assert!(
        began.elapsed() < seconds(3),
        "with the next renewal, not at the deadline"
    );
    assert!(!leads(&election));
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_leaves_us_the_holder_costs_nothing() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    let mut leadership = election.leadership();
    leadership.mark_unchanged();
    for _ in 0..20 {
        store.put(&claim("me"), |_| {});
        sleep(seconds(3)).await;
    }
    assert!(leads(&election) && !leadership.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_deleted_lease_is_made_again_by_its_holder_and_not_by_those_who_saw_it_held() {
    let store = Memory::default();
    let first = elect(&store, "first");
    at_once().await;
    let second = elect(&store, "second");
    sleep(seconds(5)).await;
    for _ in 0..5 {
        store.delete();
        sleep(Duration::from_millis(3_700)).await;
        assert!(leads(&first) && !leads(&second));
    }
    first.release().await;
    sleep(seconds(3)).await;
    assert!(leads(&second));
}

#[tokio::test(start_paused = true)]
async fn a_release_leaves_alone_what_somebody_else_holds() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    store.put(&claim("somebody"), |_| {});
    election.release().await;
    assert_eq!(holder(&store), "somebody");
}

#[tokio::test(start_paused = true)]
async fn a_release_waits_three_seconds_for_a_server_that_hangs_and_no_longer() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    store.set(|mood| mood.hangs = true);
    let began = Instant::now();
    election.release().await;
    assert_eq!(began.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_kept_lease_keeps_everybody_off_for_its_time_and_no_longer() {
    for deleted in [false, true] {
        let store = Memory::default();
        let follower = elect(&store, "follower");
        at_once().await;
        let wall = Clock::new().wall();
        let election = hold(store.clone(), "me".to_owned(), timings(), wall, |_| {}).await;
        let fence = follower.fence();
        election.unwrap().unwrap().keep(seconds(120)).await.unwrap();
        assert_eq!(holder(&store), "me");
        // One that follows already has seen it; one that starts now counts from its own first look. Whoever has seen it
        // goes by it even after somebody has deleted it.
        sleep(seconds(3)).await;
        let starter = if deleted {
            store.delete();
            None
        } else {
            Some(elect(&store, "starter"))
        };
        sleep(seconds(112)).await;
        assert!(!fence.holds() && !leads(&follower), "{deleted}");
        assert!(starter.as_ref().is_none_or(|starter| !leads(starter)));
        sleep(seconds(12)).await;
        assert!(leads(&follower), "{deleted}");
        follower.release().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_lost_is_not_kept() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    store.put(&claim("somebody"), |_| {});
    let failure = election.keep(seconds(120)).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(holder(&store), "somebody");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_election_lets_go() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    drop(election);
    at_once().await;
    assert_eq!(holder(&store), "");
}

#[tokio::test(start_paused = true)]
async fn a_step_of_the_wall_costs_a_renewal_and_no_more() {
    let store = Memory::default();
    let clock = Clock::new();
    let election = Elector::new(store.clone(), "me".to_owned(), timings(), clock.wall()).start();
    at_once().await;
    let fence = election.fence();
    assert!(fence.holds());
    // As after a suspended machine: tokio's clock did not move.
    clock.step(3600);
    assert!(!fence.holds());
    assert_eq!(fence.guard(async { 1 }).await, None);
    sleep(seconds(3)).await;
    assert!(fence.holds());
    clock.step(-7200);
    sleep(seconds(30)).await;
    assert!(leads(&election));
    store.set(|mood| mood.hangs = true);
    sleep(seconds(11)).await;
    assert!(!leads(&election), "a wall that is behind prolongs nothing");
}

#[tokio::test(start_paused = true)]
async fn guarded_work_goes_on_over_renewals_and_is_dropped_at_the_deadline_even_if_it_hangs() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    let fence = election.fence();
    let slow = async {
        sleep(seconds(45)).await;
        "done"
    };
    assert_eq!(fence.guard(slow).await, Some("done"));
    let dropped = Arc::new(Mutex::new(false));
    struct Dropped(Arc<Mutex<bool>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }
    let flag = Dropped(dropped.clone());
    store.set(|mood| mood.hangs = true);
    let began = Instant::now();
    let hangs = async move {
        let _flag = flag;
        std::future::pending::<()>().await;
    };
    assert_eq!(fence.guard(hangs).await, None);
    assert!(*dropped.lock().unwrap());
    assert!(began.elapsed() <= seconds(10));
    assert_eq!(fence.guard(async { 1 }).await, None, "closed stays closed");
    assert_eq!(Fence::always().guard(async { 1 }).await, Some(1));
}

/// Polls once.
async fn poll<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

/// SIGSTOP over the deadline: time goes on, nothing is polled. What is polled first afterwards is the work itself.
#[tokio::test(start_paused = true)]
async fn work_of_a_process_that_was_stopped_over_the_deadline_is_not_polled_again() {
    let store = Memory::default();
    let election = elect(&store, "me");
    at_once().await;
    let fence = election.fence();
    let polls = Arc::new(AtomicU32::new(0));
    let counter = polls.clone();
    let work = std::future::poll_fn(move |context| {
        counter.fetch_add(1, Ordering::SeqCst);
        context.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    let mut guarded = Box::pin(fence.guard(work));
    assert!(poll(guarded.as_mut()).await.is_pending());
    assert_eq!(polls.load(Ordering::SeqCst), 1);
    // No task of the runtime runs in between: `advance` moves the clock before it yields.
    let stopped = advance(seconds(20));
    tokio::pin!(stopped);
    let _ = poll(stopped.as_mut()).await;
    assert!(!fence.holds());
    assert_eq!(poll(guarded.as_mut()).await, Poll::Ready(None));
    assert_eq!(polls.load(Ordering::SeqCst), 1);
}

async fn held(store: &Memory, now: SystemTime) -> (Option<Election>, Vec<Former>, Duration) {
    let began = Instant::now();
    let mut told = Vec::new();
    let election = hold(
        store.another(),
        "restore".to_owned(),
        timings(),
        Arc::new(move || now + began.elapsed()),
        |former| told.push(former.clone()),
    )
    .await
    .unwrap();
    (election, told, began.elapsed())
}

const NOW: SystemTime = UNIX_EPOCH;

#[tokio::test(start_paused = true)]
async fn holding_a_lease_takes_it_from_a_living_leader_and_waits_until_it_cannot_write() {
    let store = Memory::default();
    let leader = elect(&store.another(), "leader");
    sleep(seconds(5)).await;
    assert!(leads(&leader));
    let (election, told, took) = held(&store, NOW).await;
    let election = election.unwrap();
    assert_eq!(
        (told.len(), told[0].holder.as_str(), told[0].wait),
        (1, "leader", FIFTEEN)
    );
    assert!(took >= FIFTEEN && took < seconds(16), "{took:?}");
    assert!(!leads(&leader), "its next renewal showed it another holder");
    sleep(seconds(120)).await;
    assert!(leads(&election) && !leads(&leader), "it is renewed while we work");
    election.release().await;
    sleep(seconds(3)).await;
    assert!(leads(&leader));
}

#[tokio::test(start_paused = true)]
async fn holding_a_lease_waits_for_nobody_where_nobody_can_write() {
    let store = Memory::default();
    let (none, told, took) = held(&store, NOW).await;
    assert!(none.is_none() && told.is_empty() && took.is_zero());
    store.put(&claim(""), |_| {});
    let (election, told, took) = held(&store, NOW).await;
    assert!(election.is_some() && told.is_empty() && took.is_zero());
    drop(election);
    at_once().await;
    // Renewed at the epoch, for 15 seconds; clocks may be five minutes apart.
    store.put(&claim("dead"), |_| {});
    let (_, told, took) = held(&store, UNIX_EPOCH + seconds(316)).await;
    assert!(told.is_empty() && took.is_zero());
    at_once().await;
    store.put(&claim("perhaps"), |_| {});
    let (_, told, _) = held(&store, UNIX_EPOCH + seconds(314)).await;
    assert_eq!(told[0].holder, "perhaps");
}

#[tokio::test(start_paused = true)]
async fn holding_a_lease_never_waits_longer_than_a_minute() {
    for duration in [None, Some(seconds(300))] {
        let store = Memory::default();
        store.put(&claim("odd"), |lease| lease.duration = duration);
        let (_, told, took) = held(&store, NOW).await;
        assert_eq!(told[0].wait, seconds(60));
        assert_eq!(took.as_secs(), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn holding_a_lease_fails_if_it_cannot_be_written_or_is_taken_away() {
    let store = Memory::default();
    store.put(&claim("leader"), |_| {});
    store.set(|mood| mood.refuses = Some(FailureKind::Forbidden));
    let try_it = || {
        hold(
            store.clone(),
            "me".to_owned(),
            timings(),
            Arc::new(|| NOW),
            |_| {},
        )
    };
    let failure = try_it().await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Forbidden);
    store.set(|mood| mood.refuses = None);
    let rival = store.another();
    tokio::spawn(async move {
        sleep(seconds(5)).await;
        rival.put(&claim("rival"), |_| {});
    });
    let failure = try_it().await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Conflict);
    at_once().await;
    assert_eq!(holder(&store), "rival");
}

#[tokio::test(start_paused = true)]
async fn an_election_without_a_lease_leads_until_it_is_over() {
    let election = Election::unopposed();
    sleep(seconds(1000)).await;
    assert!(leads(&election));
    let mut leadership = election.leadership();
    election.release().await;
    assert!(leadership.changed().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_store_of_these_tests_refuses_what_was_not_read_just_before() {
    let store = Memory::default();
    let first = store.create(&claim("a"), FIFTEEN).await.unwrap();
    assert_eq!(
        store.create(&claim("b"), FIFTEEN).await.unwrap_err().kind,
        FailureKind::Conflict
    );
    store.replace(&first, &claim("b"), FIFTEEN).await.unwrap();
    assert_eq!(
        store
            .replace(&first, &claim("c"), FIFTEEN)
            .await
            .unwrap_err()
            .kind,
        FailureKind::Conflict
    );
}
