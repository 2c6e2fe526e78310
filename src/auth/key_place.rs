//! The places of the vault's key that the configuration can name.

crate::domain::with_names! {
    /// Where a random key is kept, by `[credentials] key` of the config file.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum KeyPlace {
        /// A file beside the queue, mode 0600.
        #[default]
        File => "file",
        /// The OS keyring.
        Keyring => "keyring",
    }
}
