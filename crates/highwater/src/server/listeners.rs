//! Opens the listening sockets.
//!
//! A name is listened on with every address it has; the first must succeed, further ones (the `::1`
//! of `localhost`, say) may not exist on this machine. All get the same port.

use super::StartError;
use crate::config::Address;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Connections the kernel may hold for us before they are accepted.
const BACKLOG: i32 = 1024;
/// How often another free port is tried when the one picked is taken on a further address.
const PORT_TRIES: usize = 16;

/// Listening sockets of one service, the first being the one that is announced.
pub(crate) struct Listeners {
    pub(crate) sockets: Vec<TcpListener>,
    pub(crate) announced: SocketAddr,
}

/// Opens `address`.
///
/// # Errors
/// `StartError::Listen`, which names the key to change.
pub(crate) fn open(key: &'static str, address: &Address) -> Result<Listeners, StartError> {
    let failed = |source| StartError::Listen {
        key,
        address: address.clone(),
        source,
    };
    let mut found: Vec<SocketAddr> = (address.host.as_str(), address.port)
        .to_socket_addrs()
        .map_err(failed)?
        .collect();
    // Many clients try IPv4 first, and it is what people expect to read.
    found.sort_by_key(|address| !address.is_ipv4());
    found.dedup();
    let Some((first, further)) = found.split_first() else {
        return Err(failed(io::Error::new(
            io::ErrorKind::NotFound,
            "the name has no address",
        )));
    };
    let mut last = None;
    for _ in 0..PORT_TRIES {
        let socket = bind(*first).map_err(failed)?;
        let announced = socket.local_addr().map_err(failed)?;
        let mut sockets = vec![socket];
        let mut taken = false;
        for extra in further {
            match bind(SocketAddr::new(extra.ip(), announced.port())) {
                Ok(socket) => sockets.push(socket),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    taken = true;
                    last = Some(error);
                }
                Err(error) => tracing::debug!(%extra, %error, "address left out"),
            }
        }
        if !taken {
            return Ok(Listeners { sockets, announced });
        }
        if address.port != 0 {
            break;
        }
    }
    Err(failed(
        last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()),
    ))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    // A restart must not wait for the old connections' TIME_WAIT to pass.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        // The IPv4 addresses have sockets of their own, but `::` means all there are.
        sockopt::set_ipv6_v6only(&socket, !address.ip().is_unspecified())?;
    }
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}
