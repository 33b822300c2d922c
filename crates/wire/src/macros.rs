//! How wire types are declared: the fields are written once, in wire order, and both directions follow from them.
//!
//! Only macros live here. In tests each declared type can also sample a random value of itself (`sample.rs`).

/// A structure whose fields are encoded one after the other (RFC 4506 section 4.14).
macro_rules! xdr_struct {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }

        impl $crate::xdr::Encode for $name {
            fn encode(&self, out: &mut $crate::xdr::Rope) {
                $($crate::xdr::Encode::encode(&self.$field, out);)*
            }
        }

        impl $crate::xdr::Decode for $name {
            fn decode(input: &mut $crate::xdr::Reader) -> Result<Self, $crate::xdr::XdrError> {
                Ok(Self { $($field: $crate::xdr::Decode::decode(input)?,)* })
            }
        }

        #[cfg(test)]
        impl $crate::sample::Sample for $name {
            fn sample(random: &mut $crate::sample::Source) -> Self {
                Self { $($field: $crate::sample::Sample::sample(random),)* }
            }
        }
    };
}

/// An enumeration (RFC 4506 section 4.3); a number that is not listed does not decode.
macro_rules! xdr_enum {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $value:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum $name { $($(#[$variant_meta])* $variant = $value,)* }

        impl $name {
            /// Every value, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number on the wire.
            pub const fn as_u32(self) -> u32 {
                self as u32
            }

            /// The value with this number on the wire, if there is one.
            pub const fn from_u32(value: u32) -> Option<Self> {
                match value {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl $crate::xdr::Encode for $name {
            fn encode(&self, out: &mut $crate::xdr::Rope) {
                out.put_u32(self.as_u32());
            }
        }

        impl $crate::xdr::Decode for $name {
            fn decode(input: &mut $crate::xdr::Reader) -> Result<Self, $crate::xdr::XdrError> {
                let value = input.u32()?;
                Self::from_u32(value)
                    .ok_or($crate::xdr::XdrError::Discriminant { name: stringify!($name), value })
            }
        }

        #[cfg(test)]
        impl $crate::sample::Sample for $name {
            fn sample(random: &mut $crate::sample::Source) -> Self {
                Self::ALL[random.below(Self::ALL.len())]
            }
        }
    };
}

/// A byte string with its own length limit: names, paths, host names.
macro_rules! xdr_string {
    ($(#[$meta:meta])* pub struct $name:ident[$limit:expr];) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub bytes::Bytes);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "\"{}\"", self.0.escape_ascii())
            }
        }

        impl std::ops::Deref for $name {
            type Target = [u8];

            fn deref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<bytes::Bytes> for $name {
            fn from(bytes: bytes::Bytes) -> Self {
                Self(bytes)
            }
        }

        impl From<&str> for $name {
            /// Copies the text.
            fn from(text: &str) -> Self {
                Self(bytes::Bytes::copy_from_slice(text.as_bytes()))
            }
        }

        impl From<&[u8]> for $name {
            /// Copies the bytes.
            fn from(bytes: &[u8]) -> Self {
                Self(bytes::Bytes::copy_from_slice(bytes))
            }
        }

        impl $crate::xdr::Encode for $name {
            fn encode(&self, out: &mut $crate::xdr::Rope) {
                out.put_opaque(&self.0);
            }
        }

        impl $crate::xdr::Decode for $name {
            fn decode(input: &mut $crate::xdr::Reader) -> Result<Self, $crate::xdr::XdrError> {
                input.opaque($limit).map(Self)
            }
        }

        #[cfg(test)]
        impl $crate::sample::Sample for $name {
            fn sample(random: &mut $crate::sample::Source) -> Self {
                Self(random.bytes($limit))
            }
        }
    };
}

/// Eight opaque bytes with a meaning: write, cookie and create verifiers.
macro_rules! xdr_verifier {
    ($(#[$meta:meta])* pub struct $name:ident;) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; 8]);

        impl $crate::xdr::Encode for $name {
            fn encode(&self, out: &mut $crate::xdr::Rope) {
                out.put_raw(&self.0);
            }
        }

        impl $crate::xdr::Decode for $name {
            fn decode(input: &mut $crate::xdr::Reader) -> Result<Self, $crate::xdr::XdrError> {
                input.word().map(Self)
            }
        }

        #[cfg(test)]
        impl $crate::sample::Sample for $name {
            fn sample(random: &mut $crate::sample::Source) -> Self {
                Self(random.u64().to_be_bytes())
            }
        }
    };
}

/// A program: its procedures with their numbers, argument and result types.
///
/// Makes the procedure enumeration, one enum of all calls, one of all replies, and in module `op` one marker type
/// per procedure that implements [`Procedure`](crate::rpc::Procedure).
macro_rules! rpc_program {
    (
        program $program:literal version $version:literal;
        $(#[$procedure_meta:meta])* procedure $procedure:ident;
        $(#[$call_meta:meta])* call $call:ident;
        $(#[$reply_meta:meta])* reply $reply:ident;
        $($(#[$meta:meta])* $number:literal $name:ident $text:literal ($args:ty) -> $result:ty;)*
    ) => {
        /// The program's number.
        pub const PROGRAM: u32 = $program;
        /// The program's version that this module speaks.
        pub const VERSION: u32 = $version;

        xdr_enum! {
            $(#[$procedure_meta])*
            pub enum $procedure { $($(#[$meta])* $name = $number,)* }
        }

        impl $procedure {
            /// The procedure's name as the RFC writes it; for logs and metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        $(#[$call_meta])*
        // A call lives on one stack for one request: boxing the large arms would allocate on every request.
        #[allow(clippy::large_enum_variant)]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $call { $($(#[$meta])* $name($args),)* }

        impl $call {
            /// Which procedure is called.
            pub const fn procedure(&self) -> $procedure {
                match self { $(Self::$name(_) => $procedure::$name,)* }
            }

            /// Reads the arguments of `procedure` from the reader and leaves it behind them.
            pub fn decode(
                procedure: $procedure,
                input: &mut $crate::xdr::Reader,
            ) -> Result<Self, $crate::xdr::XdrError> {
                match procedure {
                    $($procedure::$name => $crate::xdr::Decode::decode(input).map(Self::$name),)*
                }
            }

            /// Reads arguments that must fill `bytes` exactly. Any error is GARBAGE_ARGS, trailing bytes included:
            /// a sender that appends bytes means something that this codec does not know.
            pub fn decode_args(
                procedure: $procedure,
                bytes: bytes::Bytes,
            ) -> Result<Self, $crate::xdr::XdrError> {
                let mut input = $crate::xdr::Reader::new(bytes);
                let call = Self::decode(procedure, &mut input)?;
                input.finish()?;
                Ok(call)
            }
        }

        impl $crate::xdr::Encode for $call {
            /// Writes the arguments, without the procedure number.
            fn encode(&self, out: &mut $crate::xdr::Rope) {
                match self { $(Self::$name(args) => $crate::xdr::Encode::encode(args, out),)* }
            }
        }

        $(#[$reply_meta])*
        // As for calls: one reply at a time, on one stack.
        #[allow(clippy::large_enum_variant)]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $reply { $($(#[$meta])* $name($result),)* }

        impl $reply {
            /// Which procedure is answered.
            pub const fn procedure(&self) -> $procedure {
                match self { $(Self::$name(_) => $procedure::$name,)* }
            }

            /// Reads the result of `procedure` from the reader and leaves it behind it.
            pub fn decode(
                procedure: $procedure,
                input: &mut $crate::xdr::Reader,
            ) -> Result<Self, $crate::xdr::XdrError> {
                match procedure {
                    $($procedure::$name => $crate::xdr::Decode::decode(input).map(Self::$name),)*
                }
            }

            /// Reads a result that must fill `bytes` exactly.
            pub fn decode_reply(
                procedure: $procedure,
                bytes: bytes::Bytes,
            ) -> Result<Self, $crate::xdr::XdrError> {
                let mut input = $crate::xdr::Reader::new(bytes);
                let reply = Self::decode(procedure, &mut input)?;
                input.finish()?;
                Ok(reply)
            }
        }

        impl $crate::xdr::Encode for $reply {
            /// Writes the result, without the RPC reply header.
            fn encode(&self, out: &mut $crate::xdr::Rope) {
                match self { $(Self::$name(result) => $crate::xdr::Encode::encode(result, out),)* }
            }
        }

        /// The procedures as types, for callers that know at compile time which one they call.
        pub mod op {
            use super::*;

            $(
                $(#[$meta])*
                #[derive(Clone, Copy, Debug)]
                pub struct $name;

                impl $crate::rpc::Procedure for $name {
                    type Args = $args;
                    type Reply = $result;
                    const PROGRAM: u32 = $program;
                    const VERSION: u32 = $version;
                    const NUMBER: u32 = $number;
                    const NAME: &'static str = $text;
                }
            )*
        }

        #[cfg(test)]
        impl $call {
            /// A random call of `procedure`.
            pub(crate) fn sample_of(procedure: $procedure, random: &mut $crate::sample::Source) -> Self {
                match procedure {
                    $($procedure::$name => Self::$name($crate::sample::Sample::sample(random)),)*
                }
            }
        }

        #[cfg(test)]
        impl $reply {
            /// A random reply of `procedure`.
            pub(crate) fn sample_of(procedure: $procedure, random: &mut $crate::sample::Source) -> Self {
                match procedure {
                    $($procedure::$name => Self::$name($crate::sample::Sample::sample(random)),)*
                }
            }
        }
    };
}
