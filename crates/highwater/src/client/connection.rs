//! One connection: frames out, frames in, versions agreed on when it opens.

use std::collections::HashMap;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

use kafka_wire::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, ErrorCode, Message, Reader, Request,
    ResponseHeader, VersionRange, Writer, encode_request,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::ClientError;

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 512 << 20;

/// Version of `ApiVersions` to open with: every server that is alive knows it or says what it knows.
const FIRST_API_VERSIONS: i16 = 3;

/// An open connection. After any error but `Refused` it is of no further use.
#[derive(Debug)]
pub struct Connection {
    pub(super) stream: TcpStream,
    pub(super) address: String,
    pub(super) client_id: String,
    patience: Duration,
    pub(super) offered: HashMap<i16, VersionRange>,
    pub(super) next_correlation_id: i32,
}

/// The bytes of an answer, to be looked at as the response of `M`.
#[derive(Debug)]
pub struct Answer<M> {
    bytes: Vec<u8>,
    version: i16,
    address: String,
    of: PhantomData<fn() -> M>,
}

impl<M: Request> Answer<M> {
    /// The response; it borrows from the answer.
    ///
    /// # Errors
    /// `Protocol` when the bytes are not that response.
    pub fn read(&self) -> Result<M::Response<'_>, ClientError> {
        let protocol = |error: kafka_wire::WireError| ClientError::Protocol {
            address: self.address.clone(),
            why: format!("{}: {error}", <M::Response<'_> as Message<'_>>::NAME),
        };
        let mut r = Reader::new(&self.bytes);
        ResponseHeader::decode(&mut r, M::API.response_header_version(self.version))
            .map_err(protocol)?;
        let response = M::Response::decode(&mut r, self.version).map_err(protocol)?;
        r.finish().map_err(protocol)?;
        Ok(response)
    }

    /// The version that was used.
    pub fn version(&self) -> i16 {
        self.version
    }
}

impl Connection {
    /// Connects and asks for the versions on offer.
    ///
    /// # Errors
    /// `Unreachable`, `Timeout`, `Protocol`.
    pub async fn open(
        address: &str,
        client_id: &str,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let connecting = timeout(patience, TcpStream::connect(address)).await;
        let stream = match connecting {
            Ok(Ok(stream)) => stream,
            Ok(Err(source)) => {
                return Err(ClientError::Unreachable {
                    address: address.to_owned(),
                    source,
                });
            }
            Err(_) => {
                let source = io::Error::from(io::ErrorKind::TimedOut);
                return Err(ClientError::Unreachable {
                    address: address.to_owned(),
                    source,
                });
            }
        };
        // Small requests must not wait for more to send; without it everything still works.
        let _ = stream.set_nodelay(true);
        let mut connection = Self {
            stream,
            address: address.to_owned(),
            client_id: client_id.to_owned(),
            patience,
            offered: HashMap::new(),
            next_correlation_id: 0,
        };
        connection.agree_on_versions().await?;
        Ok(connection)
    }

    /// Where it leads.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The version a call would use: the highest that both sides know and `ceiling` allows.
    ///
    /// # Errors
    /// `NotOffered`.
    pub fn version_of(&self, api: ApiKey, ceiling: i16) -> Result<i16, ClientError> {
        common_version(&self.offered, &self.address, api, ceiling)
    }

    /// Sends a request in the highest version and waits for the answer.
    ///
    /// # Errors
    /// Any variant of [`ClientError`] but `Refused`.
    pub async fn call<'m, M: Message<'m> + Request>(
        &mut self,
        request: &M,
    ) -> Result<Answer<M>, ClientError> {
        self.call_at(request, i16::MAX, Duration::ZERO).await
    }

    /// As [`Self::call`], in a version of at most `ceiling`, giving the server `longer` than usual.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_at<'m, M: Message<'m> + Request>(
        &mut self,
        request: &M,
        ceiling: i16,
        longer: Duration,
    ) -> Result<Answer<M>, ClientError> {
        let version = self.version_of(M::API, ceiling)?;
        let patience = self.patience + longer;
        match timeout(patience, self.exchange(request, version)).await {
            Ok(result) => result,
            Err(_) => Err(ClientError::Timeout {
                address: self.address.clone(),
                what: M::API.name(),
                waited_ms: patience.as_millis(),
            }),
        }
    }

    /// Sends a request that gets no answer (Produce with acks 0).
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn send<'m, M: Message<'m> + Request>(
        &mut self,
        request: &M,
        ceiling: i16,
    ) -> Result<(), ClientError> {
        let version = self.version_of(M::API, ceiling)?;
        self.write(request, version).await.map(drop)
    }

    async fn exchange<'m, M: Message<'m> + Request>(
        &mut self,
        request: &M,
        version: i16,
    ) -> Result<Answer<M>, ClientError> {
        let correlation_id = self.write(request, version).await?;
        let bytes = read_frame(&mut self.stream, &self.address).await?;
        answer_to(correlation_id, version, bytes, &self.address)
    }

    async fn write<'m, M: Message<'m> + Request>(
        &mut self,
        request: &M,
        version: i16,
    ) -> Result<i32, ClientError> {
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id = correlation_id.wrapping_add(1);
        let mut w = Writer::new();
        encode_request(
            &mut w,
            correlation_id,
            Some(&self.client_id),
            version,
            request,
        )?;
        let sent = self.stream.write_all(w.as_slice()).await;
        sent.map_err(|source| self.unreachable(source))?;
        Ok(correlation_id)
    }

    async fn agree_on_versions(&mut self) -> Result<(), ClientError> {
        let request = ApiVersionsRequest {
            client_software_name: "highwater".into(),
            client_software_version: env!("CARGO_PKG_VERSION").into(),
        };
        let mut version = FIRST_API_VERSIONS;
        loop {
            let exchanged = timeout(self.patience, self.exchange(&request, version)).await;
            let Ok(exchanged) = exchanged else {
                return Err(ClientError::Timeout {
                    address: self.address.clone(),
                    what: "ApiVersions",
                    waited_ms: self.patience.as_millis(),
                });
            };
            let answer = exchanged?;
            let body = answer.bytes.get(4..).unwrap_or_default();
            // A server that does not know the version answers in version 0, error code first.
            let code = body
                .first_chunk::<2>()
                .map_or(0, |raw| i16::from_be_bytes(*raw));
            let is_fallback = version > 0 && code == ErrorCode::UnsupportedVersion.to_i16();
            let read_as = if is_fallback { 0 } else { version };
            let response = ApiVersionsResponse::decode(&mut Reader::new(body), read_as)
                .map_err(|error| protocol(&self.address, format!("ApiVersions: {error}")))?;
            let ranges = response.api_keys.iter();
            self.offered = ranges
                .map(|api| {
                    (
                        api.api_key,
                        VersionRange::new(api.min_version, api.max_version),
                    )
                })
                .collect();
            if !is_fallback {
                return ClientError::check(response.error_code, &self.address, None);
            }
            version = self.version_of(ApiKey::ApiVersions, version - 1)?;
        }
    }

    fn unreachable(&self, source: io::Error) -> ClientError {
        ClientError::Unreachable {
            address: self.address.clone(),
            source,
        }
    }
}

/// The highest version of a call that the server offers, we know and `ceiling` allows.
pub(super) fn common_version(
    offered: &HashMap<i16, VersionRange>,
    address: &str,
    api: ApiKey,
    ceiling: i16,
) -> Result<i16, ClientError> {
    let ours = api.stable_versions();
    let ours = VersionRange::new(ours.min, ours.max.min(ceiling));
    offered
        .get(&api.to_i16())
        .and_then(|theirs| theirs.intersect(ours))
        .map(|both| both.max)
        .ok_or_else(|| ClientError::NotOffered {
            address: address.to_owned(),
            what: api.name(),
        })
}

/// Reads one frame without its length.
pub(super) async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
    address: &str,
) -> Result<Vec<u8>, ClientError> {
    let unreachable = |source| ClientError::Unreachable {
        address: address.to_owned(),
        source,
    };
    let length = stream.read_i32().await.map_err(unreachable)?;
    let Some(length) = usize::try_from(length)
        .ok()
        .filter(|&n| n <= ANSWER_BYTES_MAX)
    else {
        return Err(protocol(address, format!("an answer of {length} bytes")));
    };
    // Grows with what arrives, so a wrong length costs nothing.
    let mut bytes = Vec::with_capacity(length.min(1 << 20));
    let mut body = stream.take(length as u64);
    body.read_to_end(&mut bytes).await.map_err(unreachable)?;
    if bytes.len() < length {
        return Err(unreachable(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

/// A frame as the answer to the request with this id.
pub(super) fn answer_to<M>(
    correlation_id: i32,
    version: i16,
    bytes: Vec<u8>,
    address: &str,
) -> Result<Answer<M>, ClientError> {
    let answered = bytes.first_chunk::<4>().map(|raw| i32::from_be_bytes(*raw));
    if answered != Some(correlation_id) {
        let why = format!("the answer belongs to request {answered:?}, not {correlation_id}");
        return Err(protocol(address, why));
    }
    Ok(Answer {
        bytes,
        version,
        address: address.to_owned(),
        of: PhantomData,
    })
}

fn protocol(address: &str, why: String) -> ClientError {
    ClientError::Protocol {
        address: address.to_owned(),
        why,
    }
}
