namespace ConvTransfer.Engine.Tensors;

/// <summary>A constant operand in the order in which a kernel reads it. Immutable; owned by whoever made it.</summary>
internal interface IPackedOperand : IDisposable
{
    /// <summary>The native bytes that it takes.</summary>
    long NativeBytes { get; }
}
