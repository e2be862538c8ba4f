using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Operators;

/// <summary>A place for one value in a plan: an index into the table of addresses that each session owns.</summary>
internal readonly record struct Slot(int Index)
{
    /// <summary>No place: an optional value that is left out.</summary>
    public static Slot None { get; } = new(-1);

    /// <summary>True when there is a place.</summary>
    public bool IsPresent => Index >= 0;
}

/// <summary>What a step sees when it runs: the addresses of its session and the crew that works for it.</summary>
internal readonly unsafe struct StepRun(byte** addresses, string[]?[] strings, byte* scratch, Crew crew)
{
    private readonly byte** _addresses = addresses;
    private readonly string[]?[] _strings = strings;

    /// <summary>The threads of the session.</summary>
    public Crew Crew { get; } = crew;

    /// <summary>The memory that the step asked for by <see cref="LoweringContext.ReserveScratch"/>; its content is undefined. 64-byte aligned.</summary>
    public byte* Scratch { get; } = scratch;

    /// <summary>The address of a slot's first element; null for <see cref="Slot.None"/>.</summary>
    public T* Pointer<T>(Slot slot) where T : unmanaged => slot.IsPresent ? (T*)_addresses[slot.Index] : null;

    /// <summary>The strings of a slot.</summary>
    public string[] Strings(Slot slot) => _strings[slot.Index] ?? throw new InvalidOperationException("the slot holds no strings");
}

/// <summary>One thing that a planned run does. Immutable: it is shared by all sessions of a plan, and allocates nothing when it runs.</summary>
internal abstract class Step
{
    /// <summary>Computes the outputs.</summary>
    public abstract void Run(in StepRun run);
}

/// <summary>Says that output and input are the same memory: nothing runs.</summary>
internal sealed class AliasStep(int output, int input) : Step
{
    /// <summary>The index of the node's output.</summary>
    public int Output { get; } = output;

    /// <summary>The index of the node's input, which has as many bytes.</summary>
    public int Input { get; } = input;

    public override void Run(in StepRun run)
    {
    }
}
