namespace ConvTransfer.Engine.Threads;

/// <summary>Work that is divided into numbered units, each of which may run on any thread of a crew. Immutable while it runs; what changes lies behind the state pointer.</summary>
internal abstract unsafe class CrewWork
{
    /// <summary>Does one unit.</summary>
    /// <param name="state">What the caller of <see cref="Crew.For"/> gave.</param>
    /// <param name="unit">The unit's number.</param>
    /// <param name="worker">The thread's number in the crew, from 0; for memory that each thread has of its own.</param>
    internal abstract void RunUnit(void* state, int unit, int worker);
}
