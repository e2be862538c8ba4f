using ConvTransfer.Engine.Epilogues;

namespace ConvTransfer.Operators;

/// <summary>What an operator may ask of the plan when it lowers a node. Implemented by the planner.</summary>
internal abstract class LoweringContext
{
    /// <summary>Where the node's input lies; <see cref="Slot.None"/> when it is left out. A constant input has a slot too, made only when asked for.</summary>
    public abstract Slot Input(int index);

    /// <summary>True when some node reads the output, or the caller asked for it.</summary>
    public abstract bool IsWanted(int output);

    /// <summary>Where the node's output goes; <see cref="Slot.None"/> when the node does not name it. Its memory never overlaps an input's.</summary>
    public abstract Slot Output(int index);

    /// <summary>Puts the memory of an input inside that of output 0, so that whoever makes the input writes it there and nothing is left to copy.</summary>
    /// <param name="input">The input.</param>
    /// <param name="byteOffset">Where it begins in the output.</param>
    /// <returns>False where it cannot be: the input is constant, the caller's, or already inside another value.</returns>
    public abstract bool PlaceInOutput(int input, long byteOffset);

    /// <summary>Reserves working memory for the step, in bytes as a function of the crew's size; given as <see cref="StepRun.Scratch"/>.</summary>
    public abstract void ReserveScratch(Func<int, long> bytes);

    /// <summary>The stages fused onto output 0, or null. Only a node whose operator takes an epilogue gets one.</summary>
    public abstract Epilogue? Epilogue { get; }

    /// <summary>The residual operands of the epilogue's Add stages, in their order; each has the output's shape.</summary>
    public abstract ReadOnlySpan<Slot> Residuals { get; }

    /// <summary>
    /// Something made once per model from constants alone, such as packed weights, and shared by all its plans.
    /// It is found again by the node and <paramref name="purpose"/>; what <paramref name="create"/> depends on besides the node's constants must be part of the purpose.
    /// </summary>
    public abstract T Shared<T>(string purpose, Func<T> create) where T : class;

    /// <summary>The step for an output that is the input under another shape: no memory moves.</summary>
    public static Step Alias(int output = 0, int input = 0) => new AliasStep(output, input);
}
