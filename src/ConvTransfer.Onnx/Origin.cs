namespace ConvTransfer.Onnx;

/// <summary>
/// What an element of an imported graph remembers of its file: the message it was read from, and itself as it was read.
/// An element that still equals what was read is written as that message; a changed one is written as a patched copy of it,
/// so that unknown fields and everything that was not touched stay.
/// </summary>
internal sealed class Origin<TMessage, TElement>(TMessage message) where TElement : class
{
    /// <summary>The message; never changed.</summary>
    public TMessage Message { get; } = message;

    /// <summary>The element as it was read.</summary>
    public TElement AsRead { get; private set; } = null!;

    /// <summary>Remembers the element and returns it.</summary>
    public TElement Remember(TElement element) => AsRead = element;
}
