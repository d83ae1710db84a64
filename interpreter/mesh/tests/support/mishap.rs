//! A TCP proxy before a server, which does to connections what networks and bad servers do.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, watch},
};

/// On the way to the server, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What is asked.
    There,
    /// What is answered.
    Back,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing.
    None,
    /// Everything that goes this way is held back for so long.
    Delay(Way, Duration),
    /// After so many bytes this way, both ends are closed as a process does that ends.
    Cut(Way, usize),
    /// After so many bytes this way, both ends are reset.
    Reset(Way, usize),
    /// One byte at a time this way, so far apart.
    Trickle(Way, Duration),
    /// All that is asked is taken, and nothing ever answered.
    BlackHole,
    /// What is asked goes on, and instead of an answer this side says that it has no more to say.
    HalfClose,
}

/// The proxy, which ends with the test.
pub struct Proxy {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
}

impl Proxy {
    /// Before the server at an address, what `mishap` says of the connection with number `n`, from 0.
    pub async fn before(server: SocketAddr, mishap: impl Fn(usize) -> Mishap + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let (stop, mut stopped) = watch::channel(false);
        let (count, ending) = (connections.clone(), stopped.clone());
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    _ = stopped.changed() => return,
                };
                let Ok((stream, _)) = accepted else { return };
                let one = mishap(count.fetch_add(1, Ordering::SeqCst));
                let mut ending = ending.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(stream, server, one) => {}
                        _ = ending.changed() => {}
                    }
                });
            }
        });
        Self {
            address,
            connections,
            stop,
        }
    }

    /// As it stands in a program.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// A place where connections are queued and never taken: as many as the queue takes are there already, so that no other
/// comes about.
pub struct Deaf {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<tokio::task::JoinHandle<()>>,
}

impl Deaf {
    /// Listens, and never accepts.
    pub async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        // Until one does not come about, the queue has room.
        loop {
            let came = Arc::new(Notify::new());
            let told = came.clone();
            waiting.push(tokio::spawn(async move {
                let stream = TcpStream::connect(address).await;
                told.notify_one();
                std::future::pending::<()>().await;
                drop(stream);
            }));
            let full = tokio::time::timeout(Duration::from_secs(2), came.notified());
            if full.await.is_err() {
                break;
            }
        }
        Self {
            address,
            _listener: listener,
            _waiting: waiting,
        }
    }

    /// As it stands in a program.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        self._waiting.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn carry(visitor: TcpStream, server: SocketAddr, mishap: Mishap) {
    if mishap == Mishap::BlackHole {
        let (mut hears, _says) = visitor.into_split();
        let mut piece = [0; 4_096];
        while hears.read(&mut piece).await.is_ok_and(|count| count > 0) {}
        return std::future::pending().await;
    }
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let _ = (visitor.set_nodelay(true), server.set_nodelay(true));
    let of = |way: Way| Lane { mishap, way };
    let ((visitor_hears, visitor_says), (server_hears, server_says)) =
        (visitor.into_split(), server.into_split());
    let there = of(Way::There).run(visitor_hears, server_says);
    let back = of(Way::Back).run(server_hears, visitor_says);
    tokio::pin!(there, back);
    // Whichever way breaks, both ends hear of it; where one has only said all, the other goes on.
    let (first, broke) = tokio::select! {
        (ends, broke) = &mut there => ((Some(ends), None), broke),
        (ends, broke) = &mut back => ((None, Some(ends)), broke),
    };
    if !broke {
        match first {
            (Some(_ends), _) => drop(back.await),
            (_, Some(_ends)) => drop(there.await),
            _ => {}
        }
    }
}

/// One way of a connection.
struct Lane {
    mishap: Mishap,
    way: Way,
}

type Ends = (OwnedReadHalf, OwnedWriteHalf);

impl Lane {
    /// Carries until there is no more, and says whether it broke. Who is told that there is no more hears it at once.
    async fn run(self, mut hears: OwnedReadHalf, mut says: OwnedWriteHalf) -> (Ends, bool) {
        let mut left = self.left();
        let mut piece = [0; 4_096];
        loop {
            let most = left.unwrap_or(piece.len()).min(piece.len());
            if most == 0 {
                self.broken(&hears, &says);
                return ((hears, says), true);
            }
            let count = match hears.read(&mut piece[..most]).await {
                Ok(0) | Err(_) => break,
                Ok(count) => count,
            };
            if self.mishap == Mishap::HalfClose && self.way == Way::Back {
                break;
            }
            if self.say(&mut says, &piece[..count]).await.is_err() {
                return ((hears, says), true);
            }
            left = left.map(|left| left - count);
        }
        let _ = says.shutdown().await;
        ((hears, says), false)
    }

    /// How many bytes may pass.
    fn left(&self) -> Option<usize> {
        match self.mishap {
            Mishap::Cut(way, after) | Mishap::Reset(way, after) if way == self.way => Some(after),
            _ => None,
        }
    }

    async fn say(&self, says: &mut OwnedWriteHalf, bytes: &[u8]) -> std::io::Result<()> {
        match self.mishap {
            Mishap::Delay(way, time) if way == self.way => tokio::time::sleep(time).await,
            Mishap::Trickle(way, apart) if way == self.way => {
                for byte in bytes {
                    says.write_all(&[*byte]).await?;
                    tokio::time::sleep(apart).await;
                }
                return Ok(());
            }
            _ => {}
        }
        says.write_all(bytes).await
    }

    /// A connection that is closed without lingering is reset.
    fn broken(&self, hears: &OwnedReadHalf, says: &OwnedWriteHalf) {
        if let Mishap::Reset(..) = self.mishap {
            let _ = hears.as_ref().set_zero_linger();
            let _ = says.as_ref().set_zero_linger();
        }
    }
}
