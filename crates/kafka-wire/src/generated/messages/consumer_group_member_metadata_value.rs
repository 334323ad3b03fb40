//! `ConsumerGroupMemberMetadataValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupMemberMetadataValue`, key 5, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupMemberMetadataValue<'a> {
    /// `string, versions 0, nullable 0`
    pub instance_id: Option<Cow<'a, str>>,
    /// `string, versions 0, nullable 0`
    pub rack_id: Option<Cow<'a, str>>,
    /// `string, versions 0`
    pub client_id: Cow<'a, str>,
    /// `string, versions 0`
    pub client_host: Cow<'a, str>,
    /// `[]string, versions 0`
    pub subscribed_topic_names: Vec<Cow<'a, str>>,
    /// `string, versions 0, nullable 0`
    pub subscribed_topic_regex: Option<Cow<'a, str>>,
    /// `int32, versions 0, default -1`
    pub rebalance_timeout_ms: i32,
    /// `string, versions 0, nullable 0`
    pub server_assignor: Option<Cow<'a, str>>,
    /// `ClassicMemberMetadata, versions 0, nullable 0, tag 0`
    pub classic_member_metadata: Option<ClassicMemberMetadata<'a>>,
}

impl<'a> Default for ConsumerGroupMemberMetadataValue<'a> {
    fn default() -> Self {
        Self {
            instance_id: Some(Cow::Borrowed("")),
            rack_id: Some(Cow::Borrowed("")),
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: Some(Cow::Borrowed("")),
            rebalance_timeout_ms: -1,
            server_assignor: Some(Cow::Borrowed("")),
            classic_member_metadata: Some(ClassicMemberMetadata::default()),
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupMemberMetadataValue<'a> {
    const KEY: i16 = 5;
    const NAME: &'static str = "ConsumerGroupMemberMetadataValue";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.instance_id = r.nullable_string(true)?;
        m.rack_id = r.nullable_string(true)?;
        m.client_id = r.string(true)?;
        m.client_host = r.string(true)?;
        m.subscribed_topic_names = r.array(true, 1, |r| r.string(true))?;
        m.subscribed_topic_regex = r.nullable_string(true)?;
        m.rebalance_timeout_ms = r.i32()?;
        m.server_assignor = r.nullable_string(true)?;
        r.tagged_fields(|tag, r| {
            match tag {
                0 => {
                    m.classic_member_metadata =
                        r.nullable_tagged_struct(|r| ClassicMemberMetadata::decode(r, version))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.string(&self.client_id, true)?;
        w.string(&self.client_host, true)?;
        w.array(&self.subscribed_topic_names, true, |w, value| {
            w.string(value, true)
        })?;
        w.nullable_string(self.subscribed_topic_regex.as_deref(), true)?;
        w.i32(self.rebalance_timeout_ms);
        w.nullable_string(self.server_assignor.as_deref(), true)?;
        let has_classic_member_metadata =
            self.classic_member_metadata != Some(ClassicMemberMetadata::default());
        w.uvarint(u32::from(has_classic_member_metadata));
        if has_classic_member_metadata {
            w.tagged(0, |w| {
                w.nullable_tagged_struct(self.classic_member_metadata.as_ref(), |w, value| {
                    value.encode(w, version)
                })?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl ConsumerGroupMemberMetadataValue<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupMemberMetadataValue<'static> {
        ConsumerGroupMemberMetadataValue {
            instance_id: self.instance_id.map(|value| Cow::Owned(value.into_owned())),
            rack_id: self.rack_id.map(|value| Cow::Owned(value.into_owned())),
            client_id: Cow::Owned(self.client_id.into_owned()),
            client_host: Cow::Owned(self.client_host.into_owned()),
            subscribed_topic_names: self
                .subscribed_topic_names
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            subscribed_topic_regex: self
                .subscribed_topic_regex
                .map(|value| Cow::Owned(value.into_owned())),
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            server_assignor: self
                .server_assignor
                .map(|value| Cow::Owned(value.into_owned())),
            classic_member_metadata: self.classic_member_metadata.map(|value| value.into_owned()),
        }
    }
}

/// Part of [`ConsumerGroupMemberMetadataValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicMemberMetadata<'a> {
    /// `int32, versions 0`
    pub session_timeout_ms: i32,
    /// `[]ClassicProtocol, versions 0`
    pub supported_protocols: Vec<ClassicProtocol<'a>>,
}

impl<'a> Default for ClassicMemberMetadata<'a> {
    fn default() -> Self {
        Self {
            session_timeout_ms: 0,
            supported_protocols: Vec::new(),
        }
    }
}

impl<'a> ClassicMemberMetadata<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.session_timeout_ms = r.i32()?;
        m.supported_protocols = r.array(true, 3, |r| ClassicProtocol::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.session_timeout_ms);
        w.array(&self.supported_protocols, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl ClassicMemberMetadata<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ClassicMemberMetadata<'static> {
        ClassicMemberMetadata {
            session_timeout_ms: self.session_timeout_ms,
            supported_protocols: self
                .supported_protocols
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ConsumerGroupMemberMetadataValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicProtocol<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `bytes, versions 0`
    pub metadata: Cow<'a, [u8]>,
}

impl<'a> Default for ClassicProtocol<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            metadata: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> ClassicProtocol<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.metadata = r.bytes(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.bytes(&self.metadata, true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl ClassicProtocol<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ClassicProtocol<'static> {
        ClassicProtocol {
            name: Cow::Owned(self.name.into_owned()),
            metadata: Cow::Owned(self.metadata.into_owned()),
        }
    }
}
