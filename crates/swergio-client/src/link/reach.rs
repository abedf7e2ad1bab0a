//! Reach: a TCP connection to a host, at the first of its addresses that answers.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::net::{TcpSocket, TcpStream, lookup_host};

/// Connects to `host`, a name or an address.
pub(super) async fn reach(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failed = None;
    for address in lookup_host((host, port)).await? {
        match connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::new(ErrorKind::NotFound, "the host has no address")))
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // What does not leave the machine needs no pacing, which costs a timer for each segment where it is done (BBR does
    // it). It has to be chosen before there is a connection; where it cannot be, all goes on as it would.
    #[cfg(target_os = "linux")]
    if address.ip().is_loopback()
        && let Err(error) = socket2::SockRef::from(&socket).set_tcp_congestion(b"reno")
    {
        tracing::debug!("the congestion control of loopback could not be chosen: {error}");
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_host_is_reached_by_name_or_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["localhost", "127.0.0.1"] {
            let (reached, accepted) = tokio::join!(reach(host, port), listener.accept());
            assert_eq!(reached.unwrap().local_addr().unwrap(), accepted.unwrap().1);
        }
        // Nobody has listened at TCPMUX's port for decades.
        assert_eq!(reach("127.0.0.1", 1).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
