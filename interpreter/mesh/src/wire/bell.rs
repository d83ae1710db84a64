//! Who is woken by what happens on a connection: whoever polls it, but never for what happens while they poll it.
//!
//! A connection and what waits for it are polled together, by one task. Each wakes the other when it has done something,
//! which would wake the very task that is just polling both.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Nobody polls.
const STILL: u8 = 0;
/// Somebody polls.
const POLLED: u8 = 1;
/// Somebody polls, and something happened since.
const RUNG: u8 = 2;

/// Wakes whoever polled last.
#[derive(Default)]
struct Inner {
    state: AtomicU8,
    owner: Mutex<Option<Waker>>,
}

/// What a connection and what waits for it are polled with.
pub(super) struct Bell {
    inner: Arc<Inner>,
    waker: Waker,
}

impl Bell {
    pub(super) fn new() -> Self {
        let inner = Arc::<Inner>::default();
        Self {
            waker: Waker::from(inner.clone()),
            inner,
        }
    }

    /// Polls on behalf of a task, which is woken by what happens later. What happens meanwhile wakes it only where the poll
    /// is still pending.
    pub(super) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.inner.belongs_to(Some(cx.waker()));
        self.inner.state.store(POLLED, SeqCst);
        let polled = poll(&mut Context::from_waker(&self.waker));
        let rung = self.inner.state.swap(STILL, SeqCst) == RUNG;
        if rung && polled.is_pending() {
            cx.waker().wake_by_ref();
        }
        polled
    }

    /// Polls on behalf of nobody: what happens later wakes nobody.
    pub(super) fn quietly<T>(&self, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
        self.inner.belongs_to(None);
        poll(&mut Context::from_waker(&self.waker))
    }
}

impl Inner {
    fn belongs_to(&self, waker: Option<&Waker>) {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        match (owner.as_mut(), waker) {
            (Some(known), Some(waker)) => known.clone_from(waker),
            (_, waker) => *owner = waker.cloned(),
        }
    }
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match self.state.compare_exchange(POLLED, RUNG, SeqCst, SeqCst) {
            // Whoever polls sees that it rang.
            Ok(_) | Err(RUNG) => return,
            Err(_) => {}
        }
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = owner.as_ref() {
            owner.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bell;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        task::{Context, Poll, Wake, Waker},
        thread,
    };

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often a task is woken by a poll that rings `inside`, and by what rings after it.
    fn woken(ready: bool, inside: bool, after: bool) -> u32 {
        let (bell, woken) = (Bell::new(), Arc::<Woken>::default());
        let waker = Waker::from(woken.clone());
        let mut kept = None;
        let _ = bell.poll(&mut Context::from_waker(&waker), |cx| {
            kept = Some(cx.waker().clone());
            if inside {
                cx.waker().wake_by_ref();
                cx.waker().wake_by_ref();
            }
            if ready { Poll::Ready(()) } else { Poll::Pending }
        });
        if after {
            kept.unwrap().wake();
        }
        woken.0.load(Ordering::SeqCst)
    }

    #[test]
    fn what_happens_during_a_poll_wakes_who_polls_only_where_it_is_pending() {
        assert_eq!(woken(true, true, false), 0);
        assert_eq!(woken(false, true, false), 1);
        assert_eq!(woken(false, false, false), 0);
    }

    #[test]
    fn what_happens_after_a_poll_wakes_who_polled() {
        for (ready, inside) in [(true, true), (false, false), (true, false)] {
            assert_eq!(woken(ready, inside, true), 1);
        }
        assert_eq!(woken(false, true, true), 2);
    }

    #[test]
    fn a_poll_for_nobody_wakes_nobody() {
        let (bell, woken) = (Bell::new(), Arc::<Woken>::default());
        let waker = Waker::from(woken.clone());
        let _ = bell.poll(&mut Context::from_waker(&waker), |_| Poll::<()>::Pending);
        let kept = bell.quietly(|cx| cx.waker().clone());
        kept.wake();
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
    }

    /// Whatever another thread rings is seen: by a wake, or by the poll that is under way.
    #[test]
    fn nothing_that_rings_elsewhere_is_lost() {
        for _ in 0..2_000 {
            let (bell, woken) = (Bell::new(), Arc::<Woken>::default());
            let waker = Waker::from(woken.clone());
            let mut ringing = None;
            let _ = bell.poll(&mut Context::from_waker(&waker), |cx| {
                let other = cx.waker().clone();
                ringing = Some(thread::spawn(move || other.wake()));
                Poll::<()>::Pending
            });
            ringing.unwrap().join().unwrap();
            assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        }
    }
}
