using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Laws;

/// <summary>A model with what it is given, ready to be run in different ways. Owns its tensors.</summary>
internal sealed class Trial : IDisposable
{
    private readonly Planner _planner;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="feeds">The inputs by name; the trial owns them.</param>
    /// <param name="outputs">The wanted values; null for the graph's outputs.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    public Trial(Model model, Dictionary<string, Tensor> feeds, IEnumerable<string>? outputs = null, Limits? limits = null)
    {
        Model = model;
        Feeds = feeds;
        _planner = new Planner(model, outputs, limits);
        Inputs = [.. _planner.Inputs.Select(i => feeds[i.Name])];
    }

    public Model Model { get; }

    public Dictionary<string, Tensor> Feeds { get; }

    /// <summary>The inputs in the planner's order.</summary>
    public Tensor[] Inputs { get; }

    /// <summary>The names of the outputs.</summary>
    public IReadOnlyList<string> OutputNames => _planner.Outputs;

    /// <summary>A session of the planner.</summary>
    public Session Session(int threads = 1, bool poisoned = false)
    {
        var session = _planner.CreateSession(threads);
        session.PoisonArena = poisoned;
        return session;
    }

    /// <summary>The plans that serve the inputs.</summary>
    public Plan[] Plans() => _planner.PlansFor(Inputs);

    /// <summary>Runs once in a session of its own.</summary>
    public Results Run(int threads = 1, bool poisoned = false)
    {
        using var session = Session(threads, poisoned);
        return new Results(OutputNames, session.Run(Inputs));
    }

    /// <summary>Runs node by node.</summary>
    public Results Reference(Limits? limits = null) => new(OutputNames, ReferenceExecutor.Run(Model, Feeds, OutputNames, limits));

    public void Dispose()
    {
        _planner.Dispose();
        foreach (var tensor in Feeds.Values) tensor.Dispose();
    }
}
