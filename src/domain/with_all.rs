//! Enums that know all of their variants.

/// An enum, and `ALL` of its variants in the order in which they are written: none can be left out.
macro_rules! with_all {
    (
        $(#[$about:meta])*
        $vis:vis enum $name:ident {
            $($(#[$about_variant:meta])* $variant:ident $(= $code:literal)?),+ $(,)?
        }
    ) => {
        $(#[$about])*
        $vis enum $name {
            $($(#[$about_variant])* $variant $(= $code)?),+
        }

        impl $name {
            /// Each of them, in the order in which they are written.
            $vis const ALL: [$name; [$($name::$variant),+].len()] = [$($name::$variant),+];
        }
    };
}

pub(crate) use with_all;
